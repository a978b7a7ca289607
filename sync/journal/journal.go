// Package journal is the log of one data folder: JSON lines in a small file, of which
// the end goes into a report.
//
// It refuses to grow: a full file becomes the older one, of which there is one.
package journal

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
)

const (
	fileName = "counterfoil.log"
	older    = ".1"
	limit    = 512 << 10 // bytes of one file
)

// Journal is an open log, safe for concurrent use. What cannot be written is left out:
// a disk that is full is no reason to stop.
type Journal struct {
	*slog.Logger
	file string

	mu   sync.Mutex // guards all below
	f    *os.File   // nil: closed
	size int64
}

// Open opens the log of a data folder, in its folder "log". One process may.
func Open(dir string) (*Journal, error) {
	dir = filepath.Join(dir, "log")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	j := &Journal{file: filepath.Join(dir, fileName)}
	if err := j.open(); err != nil {
		return nil, err
	}
	j.Logger = slog.New(slog.NewJSONHandler(j, nil))
	return j, nil
}

func (j *Journal) open() error {
	f, err := os.OpenFile(j.file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return errors.Join(err, f.Close())
	}
	j.f, j.size = f, info.Size()
	return nil
}

// Write appends a line; slog calls it once for each.
func (j *Journal) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.f != nil && j.size+int64(len(line)) > limit && j.size > 0 {
		if err := j.turn(); err != nil {
			return 0, err
		}
	}
	if j.f == nil {
		return 0, fs.ErrClosed
	}
	n, err := j.f.Write(line)
	j.size += int64(n)
	return n, err
}

// turn makes the full file the older one.
func (j *Journal) turn() error {
	err := j.f.Close() // Windows renames no open file
	j.f = nil
	return errors.Join(err, os.Rename(j.file, j.file+older), j.open())
}

// Close ends the log; what is written after it is left out.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.f == nil {
		return nil
	}
	f := j.f
	j.f = nil
	return f.Close()
}

// Tail returns the last lines of a data folder's log, at most n; none where it has no
// log.
func Tail(dir string, n int) (string, error) {
	var all []byte
	for _, name := range []string{fileName + older, fileName} {
		b, err := end(filepath.Join(dir, "log", name), 2*limit)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		all = append(all, b...)
	}
	lines := bytes.SplitAfter(all, []byte("\n"))
	if last := len(lines) - 1; len(lines[last]) == 0 {
		lines = lines[:last]
	}
	return string(bytes.Join(lines[max(0, len(lines)-n):], nil)), nil
}

var errNoLog = errors.New("the log is no file")

// end reads the last whole lines of a file, at most n bytes: somebody else may have
// written to it, or put something else in its place.
func end(file string, n int64) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // opening a pipe would wait
		return nil, errNoLog
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	from := max(0, info.Size()-n)
	b, err := io.ReadAll(io.NewSectionReader(f, from, n))
	if from > 0 {
		_, b, _ = bytes.Cut(b, []byte("\n"))
	}
	return b, err
}
