package localdb

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"modernc.org/sqlite"

	"counterfoil/app/books"
)

// What can be wrong with the data file. They come wrapped in a books.Error.
var (
	ErrNewer    = errors.New("data file made by a newer program")
	ErrCorrupt  = errors.New("data file damaged")
	ErrLocked   = errors.New("data file held by another program")
	ErrFull     = errors.New("disk full")
	ErrReadOnly = errors.New("data file cannot be written")
	ErrEmptied  = errors.New("data file was emptied")
	ErrGone     = errors.New("data file was removed")
	ErrCache    = errors.New("what is computed from the data is damaged")
)

// A trouble ties a sentinel to its code and its words for people.
type trouble struct {
	is               error
	code, text, hint string
}

var troubles = []trouble{
	{ErrNewer, "localdb_newer", "The data file was made by a newer version of the program.", "Install that version or a later one; the data were left as they are."},
	{ErrCache, "localdb_cache", "The lists or the search of the data file are damaged; the documents are whole.", "Rebuild them with one click; no document is touched."},
	{ErrCorrupt, "localdb_corrupt", "The data file is damaged.", "Do not delete anything: close the program and restore the last backup, or give the whole data folder to IT."},
	{ErrLocked, "localdb_locked", "Another program holds the data file.", "Wait for the backup or virus scanner to finish, close a second window of this program, then try again."},
	{ErrFull, "localdb_full", "The disk is full; nothing was changed.", "Free some space and try again."},
	{ErrReadOnly, "localdb_read_only", "The data file cannot be opened for writing.", "Ask IT for write permission on the data folder, or move the folder into your own profile."},
	{ErrEmptied, "localdb_emptied", "The data file is empty although this folder held data.", "Restore the last backup. Only if you mean to start anew: cfoil restore --anew."},
	{ErrGone, "localdb_gone", "The data file is gone although this folder held data; a virus scanner may have moved it away.", "Ask IT to look into the scanner's quarantine, or restore the last backup. Only if you mean to start anew: cfoil restore --anew."},
}

func troubleOf(err error) *trouble {
	is := sentinel(err)
	if is == nil {
		return nil
	}
	for i := range troubles {
		if troubles[i].is == is {
			return &troubles[i]
		}
	}
	return nil
}

// sentinel maps raw errors of SQLite and the system to ours.
func sentinel(err error) error {
	for _, t := range troubles {
		if errors.Is(err, t.is) {
			return t.is
		}
	}
	var se *sqlite.Error
	if errors.As(err, &se) {
		if se.Code() == 4874 { // SQLITE_IOERR_SHMSIZE: no room for the WAL index
			return ErrFull
		}
		switch se.Code() & 0xff { // primary result codes of SQLite
		case 5, 6:
			return ErrLocked
		case 11, 26:
			return ErrCorrupt
		case 13:
			return ErrFull
		case 3, 8, 14:
			return ErrReadOnly
		}
	}
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return ErrFull
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return ErrReadOnly
	}
	return nil
}

// wrap names the operation and, for known troubles, adds words for people.
// books.ErrNotFound, books.ErrStale and books.Error pass unchanged.
func wrap(op string, err error) error {
	if err == nil || errors.Is(err, books.ErrNotFound) || errors.Is(err, books.ErrStale) {
		return err
	}
	var be *books.Error
	if errors.As(err, &be) {
		return err
	}
	t := troubleOf(err)
	if t == nil {
		return fmt.Errorf("localdb: %s: %w", op, err)
	}
	inner := fmt.Errorf("localdb: %s: %w", op, err)
	if !errors.Is(err, t.is) {
		inner = fmt.Errorf("%w: %w", t.is, inner)
	}
	return &books.Error{Code: t.code, Text: t.text, Hint: t.hint, Err: inner}
}
