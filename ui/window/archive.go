package window

import (
	"context"

	"counterfoil/sync/desk"
	"counterfoil/sync/trust"
	"counterfoil/ui/viewmodel"
)

// archive is the backups of a data folder that is open.
type archive struct {
	d   *desk.Desk
	cfg desk.Config
}

// List returns the finished backups, newest first.
func (a archive) List() ([]viewmodel.BackupFact, error) {
	all, err := a.d.Backups()
	var out []viewmodel.BackupFact
	for _, b := range all {
		out = append(out, viewmodel.BackupFact{Name: b.Path, Made: b.Made, Size: b.Size, Invoices: b.Contents.Invoices, Unsent: b.Contents.Unsent})
	}
	return out, err
}

// BackUp makes one.
func (a archive) BackUp(ctx context.Context) error {
	_, err := a.d.BackUp(ctx, "")
	return err
}

// Preview tells what would come of a restore.
func (a archive) Preview(ctx context.Context, name string) (viewmodel.RestoreFact, error) {
	return previewRestore(ctx, a.cfg, name)
}

func previewRestore(ctx context.Context, cfg desk.Config, name string) (viewmodel.RestoreFact, error) {
	r, err := desk.RestoreData(ctx, cfg, desk.Plan{From: name, DryRun: true})
	f := viewmodel.RestoreFact{Damaged: r.Damage != "", Taken: r.Salvaged.Documents, Invoices: r.Contents.Invoices, Unsent: r.Contents.Unsent}
	if r.Backup != nil {
		f.Made = r.Backup.Made
	}
	return f, err
}

// config is how a session opens its folder, without the practice server.
func (o Options) config() desk.Config {
	return desk.Config{Dir: o.Dir, Use: desk.Window, Version: o.Version, Practice: o.Practice, Keys: trust.Of(o.Dir, o.Keyring)}
}
