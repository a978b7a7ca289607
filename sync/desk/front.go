package desk

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"time"

	"counterfoil/app/books"
	"counterfoil/sync/trust"
)

// ErrNoWindow says that no window could be brought to the front.
var ErrNoWindow = &books.Error{Code: "no_window", Text: "no window of this data folder answers", Hint: "look for it in the task bar; else end the program there and start it again"}

const (
	frontAsk  = "front\n"
	frontDone = "ok\n"
	frontWait = 2 * time.Second
	longest   = 100 // bytes of a socket's path, with room to what systems take
)

// frontPath is where the window of a folder hears that it is to come to the front.
func frontPath(dir string) string {
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	path := filepath.Join(dir, "window.sock")
	if cache, err := os.UserCacheDir(); len(path) > longest && err == nil {
		path = filepath.Join(cache, "counterfoil", trust.ProfileOf(dir)+".sock")
	}
	return path
}

// A front listens for other processes that want the window of a folder to be seen.
type front struct {
	listener net.Listener
	ended    chan struct{}
}

// listenFront listens for a folder that is locked for this window; raise is called on a
// goroutine of its own. What a system does not let listen costs the comfort alone: nil.
func listenFront(dir string, raise func()) *front {
	path := frontPath(dir)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil
	}
	_ = os.Remove(path) // of a window that ended without a word: the lock is ours
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil
	}
	_ = os.Chmod(path, 0o600) // the folder is its owner's alone anyway
	f := &front{l, make(chan struct{})}
	go func() {
		defer close(f.ended)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			f.hear(c, raise)
		}
	}()
	return f
}

func (f *front) hear(c net.Conn, raise func()) {
	defer c.Close()
	buf := make([]byte, len(frontAsk))
	if c.SetDeadline(time.Now().Add(frontWait)) != nil {
		return
	}
	if _, err := io.ReadFull(c, buf); err != nil || string(buf) != frontAsk {
		return
	}
	raise()
	_, _ = io.WriteString(c, frontDone) // who asked may be gone
}

func (f *front) close() error {
	if f == nil {
		return nil
	}
	err := f.listener.Close() // takes the socket's file away
	<-f.ended
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// BringToFront asks the window that has a data folder to show itself. ErrNoWindow where
// none answers.
func BringToFront(ctx context.Context, dir string) error {
	ctx, cancel := context.WithTimeout(ctx, frontWait)
	defer cancel()
	var d net.Dialer
	c, err := d.DialContext(ctx, "unix", frontPath(dir))
	if err != nil {
		return ErrNoWindow
	}
	defer c.Close()
	if end, ok := ctx.Deadline(); ok && c.SetDeadline(end) != nil {
		return ErrNoWindow
	}
	if _, err := io.WriteString(c, frontAsk); err != nil {
		return ErrNoWindow
	}
	buf := make([]byte, len(frontDone))
	if _, err := io.ReadFull(c, buf); err != nil || string(buf) != frontDone {
		return ErrNoWindow
	}
	return nil
}

// Fronted sets who brings the window to the front when another process asks for it, on
// a goroutine of its own.
func (d *Desk) Fronted(f func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.raise = f
}

func (d *Desk) comeToFront() {
	d.mu.Lock()
	f := d.raise
	d.mu.Unlock()
	if f != nil {
		f()
	}
}
