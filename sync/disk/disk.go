// Package disk reads and replaces the small files that people hand over: a CA
// certificate, a list of tokens, a key file.
//
// The package refuses what is no plain file and what is larger than expected.
package disk

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// Why a file is not read.
var (
	ErrNoFile = errors.New("it is a folder, a pipe or a device, not a file")
	ErrLarge  = errors.New("it is larger than expected")
)

// Read returns the content of a regular file of at most limit bytes: ErrNoFile,
// ErrLarge or what the system says. It never waits for a pipe.
func Read(file string, limit int64) ([]byte, error) {
	// Before it is opened: opening a pipe waits for who writes into it.
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &os.PathError{Op: "read", Path: file, Err: ErrNoFile}
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		return nil, &os.PathError{Op: "read", Path: file, Err: fmt.Errorf("%w: more than %d bytes", ErrLarge, limit)}
	}
	return b, err
}

// Replace writes a file that only its owner can read: beside the old one, synced,
// then renamed, so that a crash leaves the old or the new content.
func Replace(file string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(file), ".new-*") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // gone after the rename; a leftover otherwise
	_, err = f.Write(content)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	for try := 0; ; try++ {
		// On Windows the old file cannot go while another program reads it.
		if err = os.Rename(f.Name(), file); err == nil || runtime.GOOS != "windows" || try == 20 {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
}
