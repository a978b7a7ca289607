package main

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"path/filepath"
	"sync"
	"time"

	"github.com/google/uuid"

	"counterfoil/app/books"
	"counterfoil/app/settings"
	"counterfoil/localdb"
	syncdesk "counterfoil/sync/desk"
	"counterfoil/sync/engine"
	"counterfoil/sync/merge"
	"counterfoil/sync/practice"
	"counterfoil/sync/trust"
)

// desk is everything behind the window; tests start one without it.
type desk struct {
	opts     options
	db       *localdb.DB
	books    *books.Desk
	trust    *trust.Store
	client   *syncdesk.Connection
	settings settings.Settings
	practice *practice.Practice // its server; nil: the folder is a real one

	mu     sync.Mutex // guards below
	notify func(engine.Event)
}

func newID() string {
	id, err := uuid.NewV7()
	if err != nil {
		return uuid.NewString()
	}
	return id.String()
}

func random() float64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails on the systems we run on
	return float64(binary.LittleEndian.Uint64(b[:])>>11) / (1 << 53)
}

func openDesk(ctx context.Context, o options) (*desk, error) {
	db, err := localdb.Open(ctx, filepath.Join(o.data, localdb.FileName), localdb.Options{Now: time.Now, NewID: newID})
	if err != nil {
		return nil, err
	}
	d := &desk{opts: o, db: db}
	k := trust.OS()
	switch o.keyring {
	case "file":
		k = trust.FileKeyring(filepath.Join(o.data, "keyring"), trust.Passphrase)
	case "memory":
		k = trust.Memory()
	}
	d.trust = &trust.Store{Keyring: k, Profile: trust.ProfileOf(o.data)}
	d.books = &books.Desk{Store: db, Now: time.Now, NewID: newID, Merge: merge.Three}
	d.client, err = syncdesk.NewConnection(ctx, syncdesk.Parts{
		Store: db, Trust: d.trust, Dir: o.data, Version: version, Now: time.Now, NewID: newID, Rand: random,
		ClassifyStore: localdb.Classify, Notify: d.happened,
	})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if d.settings, err = settings.Load(ctx, db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if o.lang != "" {
		d.settings.Language = settings.Language(o.lang)
	}
	if o.theme != "" {
		d.settings.Theme = settings.Theme(o.theme)
	}
	if v := o.first; v != nil && !d.settings.Started {
		d.settings.Language, d.settings.Theme = v.Language, v.Theme
	}
	practising, err := d.practiceFolder(ctx)
	if err == nil && practising {
		err = d.startPractice(ctx)
	}
	if err != nil {
		if d.practice != nil {
			err = errors.Join(err, d.practice.Close(ctx))
		}
		return nil, errors.Join(err, db.Close())
	}
	return d, nil
}

func (d *desk) happened(e engine.Event) {
	d.mu.Lock()
	f := d.notify
	d.mu.Unlock()
	if f != nil {
		f(e)
	}
}

func (d *desk) close(ctx context.Context) error {
	err := d.client.SaveState(ctx)
	if p := d.practice; p != nil {
		err = errors.Join(err, p.Close(ctx))
	}
	return errors.Join(err, d.db.Close())
}
