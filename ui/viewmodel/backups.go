package viewmodel

import (
	"context"
	"fmt"
	"time"
)

// BackupFact is one backup of the desk's data.
type BackupFact struct {
	Name     string // names it for the archive
	Made     time.Time
	Size     int64 // bytes
	Invoices int64
	Unsent   int64 // operations that the server had not answered then
}

// RestoreFact is what would come of a restore.
type RestoreFact struct {
	Made     time.Time // of the backup; zero: there is none that is whole
	Damaged  bool      // the data of now are
	Taken    int       // documents of now that are newer than the backup, and stay
	Invoices int64     // afterwards
	Unsent   int64
}

// Archive keeps the backups. Its methods may take seconds and end with ctx.
type Archive interface {
	List() ([]BackupFact, error) // newest first
	BackUp(ctx context.Context) error
	// Preview tells what would come of restoring a backup; an empty name is the newest
	// that is whole. It changes nothing.
	Preview(ctx context.Context, name string) (RestoreFact, error)
}

// Backups is the part of the settings about the backups of this desk's data.
type Backups struct {
	Changed func()
	// Restore closes the data, restores a backup and opens the data again.
	Restore func(name string)

	setup   Setup
	archive Archive
	rows    []BackupFact
	chosen  *BackupFact // that is looked at
	preview *RestoreFact
	busy    bool
	made    bool
	message string
}

// NewBackups makes the part; Load fills it.
func NewBackups(s Setup, a Archive) *Backups { return &Backups{setup: s, archive: a} }

// Load reads the list.
func (b *Backups) Load() {
	away(b.setup, context.Background(), func(context.Context) ([]BackupFact, error) { return b.archive.List() },
		func(rows []BackupFact, err error) {
			b.rows = rows
			if err != nil {
				b.message = Sentence(b.setup.Words, err)
			}
			b.changed()
		})
}

// BackUp makes a backup now.
func (b *Backups) BackUp() {
	if b.busy {
		return
	}
	b.busy, b.made, b.message = true, false, ""
	away(b.setup, context.Background(), func(ctx context.Context) ([]BackupFact, error) {
		if err := b.archive.BackUp(ctx); err != nil {
			return nil, err
		}
		return b.archive.List()
	}, func(rows []BackupFact, err error) {
		b.busy, b.made, b.message = false, err == nil, Sentence(b.setup.Words, err)
		if err == nil {
			b.rows = rows
		}
		b.changed()
	})
	b.changed()
}

// Look shows what would come of restoring a backup.
func (b *Backups) Look(row BackupFact) {
	if b.busy {
		return
	}
	b.busy, b.made, b.message, b.chosen, b.preview = true, false, "", &row, nil
	away(b.setup, context.Background(), func(ctx context.Context) (RestoreFact, error) { return b.archive.Preview(ctx, row.Name) },
		func(f RestoreFact, err error) {
			b.busy, b.message = false, Sentence(b.setup.Words, err)
			if b.preview = &f; err != nil {
				b.chosen, b.preview = nil, nil
			}
			b.changed()
		})
	b.changed()
}

// Cancel leaves everything as it is.
func (b *Backups) Cancel() {
	if !b.busy {
		b.chosen, b.preview = nil, nil
		b.changed()
	}
}

// Confirm restores what is looked at.
func (b *Backups) Confirm() {
	if b.busy || b.preview == nil || b.Restore == nil {
		return
	}
	name := b.chosen.Name
	b.chosen, b.preview = nil, nil
	b.Restore(name)
	b.changed()
}

// Rows, Chosen (nil: none is looked at), Busy, Made and Message are what it shows.
func (b *Backups) Rows() []BackupFact  { return append([]BackupFact{}, b.rows...) }
func (b *Backups) Chosen() *BackupFact { return b.chosen }
func (b *Backups) Busy() bool          { return b.busy }
func (b *Backups) Made() bool          { return b.made }
func (b *Backups) Message() string     { return b.message }

// Line is a backup in a line.
func (b *Backups) Line(f BackupFact) string {
	return b.setup.Words.T("backups.line", stampOf(f.Made), fmt.Sprintf("%.1f", float64(f.Size)/(1<<20)), f.Invoices, f.Unsent)
}

// Preview is what would come of it, a sentence a line; empty before it is known.
func (b *Backups) Preview() []string {
	if b.preview == nil {
		return nil
	}
	return PreviewOf(b.setup.Words, *b.preview)
}

// PreviewOf says what would come of a restore.
func PreviewOf(p Phrases, f RestoreFact) []string {
	var out []string
	switch {
	case f.Made.IsZero():
		out = append(out, p.T("backups.preview.none"))
	default:
		out = append(out, p.T("backups.preview.from", stampOf(f.Made)))
	}
	if f.Damaged {
		out = append(out, p.T("backups.preview.taken", f.Taken))
	} else {
		out = append(out, p.T("backups.preview.whole"))
	}
	return append(out, p.T("backups.preview.after", f.Invoices, f.Unsent), p.T("backups.preview.aside"))
}

func stampOf(t time.Time) string { return t.Local().Format("2006-01-02 15:04") }

func (b *Backups) changed() {
	if b.Changed != nil {
		b.Changed()
	}
}
