package desk

import (
	"context"
	"errors"
	"path/filepath"

	"counterfoil/app/books"
	"counterfoil/sync/trust"
)

// Practice has a folder of its own, so that nothing typed there can ever reach a
// real server: a folder is new, real or of practice, and never changes from one
// of the last two to the other.

// A PracticeServer is a server inside the program that speaks to it like a real one.
type PracticeServer interface {
	URL() string
	Token() string
	CAPEM() []byte
	Fingerprint() string
	Close(ctx context.Context) error
}

// settingPractice is "on" in the folder of a practice.
const settingPractice = "practice"

var errPracticeHere = &books.Error{
	Code: "practice_here", Text: "this data folder holds real invoices and cannot be used for practice",
	Hint: "choose another folder with --data, or leave --data out",
}

// practise starts the server of a folder of practice.
func (d *Desk) practise(ctx context.Context, cfg Config) error {
	on, err := d.ofPractice(ctx, cfg.Practice)
	if err != nil || !on || cfg.PracticeServer == nil {
		return err
	}
	p, err := cfg.PracticeServer(ctx, filepath.Join(cfg.Dir, "practice"))
	if err != nil {
		return err
	}
	d.practice = p
	return d.enrol(ctx)
}

// ofPractice reports whether the folder is one of practice; a new one becomes it
// when asked. It returns "practice_here" when a real one was meant.
func (d *Desk) ofPractice(ctx context.Context, asked bool) (bool, error) {
	is, err := d.Store.Setting(ctx, settingPractice)
	if err != nil || is == "on" || !asked {
		return is == "on", err
	}
	n, err := d.Store.Counts(ctx, books.Filter{})
	if err != nil {
		return false, err
	}
	if d.URL() != "" || n.All > 0 {
		return false, errPracticeHere
	}
	return true, d.Store.SetSetting(ctx, settingPractice, "on")
}

// enrol puts the practice server's CA into the keyring like a real one's and
// connects to it. Without a keyring the CA lives as long as the program, and the
// window says so.
func (d *Desk) enrol(ctx context.Context) error {
	bundle, err := trust.ParseBundle(d.practice.CAPEM())
	if err == nil {
		err = bundle.Confirm(d.practice.Fingerprint())
	}
	if err != nil {
		return err
	}
	err = d.Trust(ctx, bundle)
	if errors.Is(err, trust.ErrUnavailable) || errors.Is(err, trust.ErrLocked) || errors.Is(err, trust.ErrHanging) {
		// Practice holds no real data: the window says that nothing is kept.
		d.Keys.Keyring = trust.Memory()
		err = d.Trust(ctx, bundle)
	}
	if err != nil {
		return err
	}
	return d.Connect(ctx, d.practice.URL(), d.practice.Token())
}

// Practising reports whether nothing here is real: the server is the one inside
// the program, or one of practice elsewhere.
func (d *Desk) Practising() bool { return d.practice != nil || d.Environment() == "practice" }

// Connect is that of the Connection, but a folder whose practice server runs keeps
// to that: another address is ErrOther.
func (d *Desk) Connect(ctx context.Context, address, token string) error {
	if p := d.practice; p != nil {
		if u, err := CleanURL(address); err != nil || u != p.URL() {
			return errors.Join(err, ErrOther)
		}
	}
	return d.Connection.Connect(ctx, address, token)
}
