package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"counterfoil/app/books"
	"counterfoil/app/settings"
	syncdesk "counterfoil/sync/desk"
	"counterfoil/sync/practice"
	"counterfoil/sync/trust"
)

// Practice has a folder of its own, so that nothing typed there can ever reach a
// real server: a folder is new, real or of practice, and never changes from one
// of the last two to the other.

// settingPractice is "on" in the folder of a practice.
const settingPractice = "practice"

// practiceSuffix ends the name of the practice folder beside a real one.
const practiceSuffix = "-practice"

// folders settles which folder the command line means.
func (o *options) folders(home string) {
	real := filepath.Join(home, "counterfoil")
	switch {
	case o.data != "" && o.practice:
		o.real = real
		if r, ok := strings.CutSuffix(filepath.Clean(o.data), practiceSuffix); ok {
			o.real = r
		}
	case o.practice:
		o.real, o.data = real, real+practiceSuffix
	case o.data == "":
		o.data = real
	}
}

// practising are the options of the practice folder beside this real one; v is
// how the window looks there when nothing else was chosen.
func (o options) practising(v settings.Settings) options {
	o.real, o.data, o.practice, o.first = o.data, filepath.Clean(o.data)+practiceSuffix, true, &v
	return o
}

// leaving are the options of the real folder to go back to. A practice folder
// that stands in the real one's place, as the version before made it, is moved
// beside; it must be closed.
func (o options) leaving(v settings.Settings) (options, error) {
	o.practice, o.first = false, &v
	if o.real != "" {
		o.data, o.real = o.real, ""
		return o, nil
	}
	to := filepath.Clean(o.data) + practiceSuffix
	for n := 2; ; n++ {
		if _, err := os.Stat(to); errors.Is(err, os.ErrNotExist) {
			break
		}
		to = fmt.Sprintf("%s%s-%d", filepath.Clean(o.data), practiceSuffix, n)
	}
	return o, os.Rename(o.data, to)
}

var errPracticeHere = &books.Error{
	Code: "practice_here", Text: "this data folder holds real invoices and cannot be used for practice",
	Hint: "choose another folder with --data, or leave --data out",
}

// practiceFolder reports whether the folder is one of practice; with --practice
// a new one becomes it. It returns "practice_here" when a real one was meant.
func (d *desk) practiceFolder(ctx context.Context) (bool, error) {
	is, err := d.db.Setting(ctx, settingPractice)
	if err != nil || is == "on" || !d.opts.practice {
		return is == "on", err
	}
	n, err := d.db.Counts(ctx, books.Filter{})
	if err != nil {
		return false, err
	}
	if d.client.URL() != "" || n.All > 0 {
		return false, errPracticeHere
	}
	return true, d.db.SetSetting(ctx, settingPractice, "on")
}

// startPractice starts the practice server inside the program, puts its CA into
// the keyring like a real one and connects to it. Without a keyring the CA lives
// as long as the program, and the window says so.
func (d *desk) startPractice(ctx context.Context) error {
	p, err := practice.Start(ctx, practice.Config{Dir: filepath.Join(d.opts.data, "practice"), Version: version})
	if err != nil {
		return err
	}
	d.practice = p
	bundle, err := trust.ParseBundle(p.CAPEM())
	if err == nil {
		err = bundle.Confirm(p.Fingerprint())
	}
	if err != nil {
		return err
	}
	err = d.client.Trust(ctx, bundle)
	if errors.Is(err, trust.ErrUnavailable) || errors.Is(err, trust.ErrLocked) || errors.Is(err, trust.ErrHanging) {
		// Practice holds no real data: the window says that nothing is kept.
		d.trust.Keyring = trust.Memory()
		err = d.client.Trust(ctx, bundle)
	}
	if err != nil {
		return err
	}
	return d.client.Connect(ctx, p.URL(), p.Token())
}

// practising reports whether nothing here is real: the server inside the program,
// or one of practice elsewhere.
func (d *desk) practising() bool {
	return d.practice != nil || d.client.Environment() == "practice"
}

// connector keeps the address of the settings; a practice folder keeps to its server.
type connector struct{ d *desk }

func (c connector) URL() string { return c.d.client.URL() }

func (c connector) Forgets(ctx context.Context, address string) bool {
	return c.d.client.Forgets(ctx, address)
}

func (c connector) Connect(ctx context.Context, address, token string) error {
	if p := c.d.practice; p != nil {
		if u, err := syncdesk.CleanURL(address); err != nil || u != p.URL() {
			return errors.Join(err, syncdesk.ErrOther)
		}
	}
	return c.d.client.Connect(ctx, address, token)
}
