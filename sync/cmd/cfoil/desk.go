package main

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"counterfoil/app/books"
	"counterfoil/localdb"
	syncdesk "counterfoil/sync/desk"
	"counterfoil/sync/merge"
	"counterfoil/sync/trust"
)

// Version of the program, set by the build.
var version = "0.1.0"

// A desk is the local store with its use cases and its connection.
type desk struct {
	db     *localdb.DB
	books  *books.Desk
	trust  *trust.Store
	client *syncdesk.Connection
}

func newID() string {
	id, err := uuid.NewV7()
	if err != nil {
		// The system has no randomness left; a random v4 would fail alike.
		return uuid.NewString()
	}
	return id.String()
}

func random() float64 {
	var b [8]byte
	_, _ = rand.Read(b[:])
	return float64(binary.LittleEndian.Uint64(b[:])>>11) / (1 << 53)
}

// trustStore opens the keyring the caller chose; nothing falls back silently.
func (c *call) trustStore() *trust.Store {
	k := trust.OS()
	if c.keyring == "file" {
		k = trust.FileKeyring(filepath.Join(c.data, "keyring"), trust.Passphrase)
	}
	return &trust.Store{Keyring: k, Profile: trust.ProfileOf(c.data)}
}

// open opens the desk of --data, once a call.
func (c *call) open(ctx context.Context) (*desk, error) {
	if c.desk != nil {
		return c.desk, nil
	}
	if err := localdb.MakeFolder(c.data); err != nil {
		return nil, &books.Error{Code: "data_folder", Text: "the data folder cannot be made: " + err.Error(), Hint: "choose a folder you may write to", Err: err}
	}
	db, err := localdb.Open(ctx, filepath.Join(c.data, localdb.FileName), localdb.Options{Now: time.Now, NewID: newID})
	if err != nil {
		return nil, err
	}
	d := &desk{db: db, trust: c.trustStore()}
	d.books = &books.Desk{Store: db, Now: time.Now, NewID: newID, Merge: merge.Three}
	d.client, err = syncdesk.NewConnection(ctx, syncdesk.Parts{
		Store: db, Trust: d.trust, Dir: c.data, Version: version,
		Now: time.Now, NewID: newID, Rand: random, ClassifyStore: localdb.Classify,
	})
	if err != nil {
		_ = db.Close()
		return nil, err
	}
	c.desk = d
	return d, nil
}

func (c *call) close() error {
	if c.desk == nil {
		return nil
	}
	return c.desk.db.Close()
}
