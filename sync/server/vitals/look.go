package vitals

import (
	"context"
	"time"

	"counterfoil/sync/server"
)

// A step is one question to the database; took is the figure of its time.
type step struct {
	took func(*Figures) *time.Duration
	ask  func(*Watch, *Figures) error
}

var steps = []*step{
	{func(f *Figures) *time.Duration { return &f.Read }, (*Watch).read},
	{func(f *Figures) *time.Duration { return &f.Write }, (*Watch).write},
}

// walk looks at everything once: what cannot be held up first.
func (w *Watch) walk() {
	w.mu.Lock()
	f := w.seen
	w.mu.Unlock()
	w.around(&f)
	var failed error
	for _, s := range steps {
		start := time.Now()
		w.mu.Lock()
		w.seen = f
		w.step, w.begun = s, start
		w.mu.Unlock()
		err := s.ask(w, &f)
		*s.took(&f) = time.Since(start)
		if failed == nil {
			failed = err
		}
	}
	f.Err = failed
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = f
	w.step, w.ended = nil, time.Now()
	close(w.done)
	w.done = nil
}

// around sees what is beside the database.
func (w *Watch) around(f *Figures) {
	if w.cfg.Dir != "" {
		free, total, err := w.cfg.Free(w.cfg.Dir)
		f.Disk = Disk{Free: free, Total: total, Known: err == nil, Refused: w.store.full.Load()}
	}
	f.TaxDown = w.cfg.TaxUp != nil && !w.cfg.TaxUp()
	f.LoginDown = w.cfg.LoginUp != nil && !w.cfg.LoginUp()
	f.More = map[string]string{}
	for name, state := range w.cfg.More {
		f.More[name] = state()
	}
	before := f.Waiting
	f.Waiting, f.InUse = w.store.load()
	f.Crowded = before > Crowd && f.Waiting > Crowd
}

func (w *Watch) read(f *Figures) error {
	head, err := w.cfg.Store.Head(context.Background())
	if err == nil {
		f.Head = head
	}
	return err
}

// write asks for a turn to write, and sees what waits to be issued meanwhile. It
// writes nothing, so the disk is not waited for.
func (w *Watch) write(f *Figures) error {
	oldest, err := server.Do(context.Background(), w.cfg.Store, func(tx server.Tx) (string, error) {
		docs, err := tx.Waiting(0, 1)
		if err != nil || len(docs) == 0 {
			return "", err
		}
		return docs[0].ID, nil
	})
	switch {
	case err != nil:
		return err
	case oldest != f.Queue.oldest:
		f.Queue = queue{oldest, time.Now()}
	}
	f.QueueLag = 0
	if oldest != "" {
		f.QueueLag = time.Since(f.Queue.since)
	}
	return nil
}

// locked is how long the database has been held by another program while a
// transaction of ours waits for it.
func (w *Watch) locked() time.Duration {
	if l, ok := w.cfg.Store.(interface{ Locked() time.Duration }); ok {
		return l.Locked()
	}
	return 0
}
