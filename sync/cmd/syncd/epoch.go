package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/uuid"

	"counterfoil/sync/server"
	"counterfoil/sync/server/sqlite"
)

// epochCommand takes a new epoch by hand. A server finds out by itself that its
// data were put back as soon as a desk shows what it has seen; this is for the
// operator who does not want to wait for that.
func epochCommand(args []string, stdout, stderr io.Writer) int {
	var data, db string
	f := flag.NewFlagSet("syncd epoch", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&data, "data", "", "`DIR` of the server's files (needed)")
	f.StringVar(&db, "db", "", "database `FILE` (default DIR/server.db)")
	if err := f.Parse(args); errors.Is(err, flag.ErrHelp) {
		return good
	} else if err != nil {
		return usage
	}
	if data == "" || f.NArg() > 0 {
		fmt.Fprintln(stderr, "syncd: use: syncd epoch --data DIR")
		return usage
	}
	if db == "" {
		db = filepath.Join(data, "server.db")
	}
	epoch := uuid.Must(uuid.NewV7()).String()
	if err := newEpoch(context.Background(), db, epoch); err != nil {
		fmt.Fprintf(stderr, "syncd: %v\n", err)
		return wrong
	}
	fmt.Fprintf(stdout, "new epoch %s: every desk presents what was issued and reads all again at its next sync\n", epoch)
	return good
}

func newEpoch(ctx context.Context, db, epoch string) error {
	if _, err := os.Stat(db); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no database %s: put the backup there first", db)
	}
	store, err := sqlite.Open(ctx, db, epoch)
	if err != nil {
		return err
	}
	defer store.Close()
	_, err = server.Do(ctx, store, func(tx server.Tx) (struct{}, error) { return struct{}{}, tx.SetEpoch(epoch) })
	return err
}
