package main

import (
	"context"
	"errors"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"

	"counterfoil/app/settings"
	"counterfoil/localdb"
	"counterfoil/ui"
	"counterfoil/ui/look"
	"counterfoil/ui/viewmodel"
)

// A session is one data folder, open and syncing. The program shows one at a
// time: practice has a folder, and so a session, of its own.
type session struct {
	opts options
	d    *desk
	w    *window // once it is shown

	lock   *localdb.FolderLock
	ctx    context.Context
	cancel context.CancelFunc
	synced chan struct{} // closed when the engine has ended
}

// openSession locks the folder, opens it and begins to sync. It returns the
// errors of openDesk, and "open_already" when another process has the folder.
func openSession(ctx context.Context, o options) (*session, error) {
	if err := localdb.MakeFolder(o.data); err != nil {
		return nil, err
	}
	lock, err := localdb.LockWindow(ctx, o.data)
	if err != nil {
		return nil, err
	}
	s := &session{opts: o, lock: lock, synced: make(chan struct{})}
	s.ctx, s.cancel = context.WithCancel(ctx)
	if s.d, err = openDesk(s.ctx, o); err != nil {
		s.cancel()
		return nil, errors.Join(err, s.lock.Unlock())
	}
	sweepPages(o.data)
	go func() {
		defer close(s.synced)
		s.d.client.Engine().Run(s.ctx)
	}()
	return s, nil
}

// close ends the sync and gives the folder up.
func (s *session) close() error {
	s.cancel()
	<-s.synced
	sweepPages(s.opts.data)
	ctx, stop := context.WithTimeout(context.Background(), 5*time.Second)
	defer stop()
	return errors.Join(s.d.close(ctx), s.lock.Unlock())
}

// program is the window with the session it shows. Its methods run on the
// window's goroutine.
type program struct {
	ctx   context.Context
	app   fyne.App
	win   fyne.Window
	post  dispatcher
	fonts <-chan struct{}

	now     *session
	turning bool // another folder is being opened
	failed  error
}

func newProgram(ctx context.Context, a fyne.App, post dispatcher) *program {
	p := &program{ctx: ctx, app: a, post: post}
	p.fonts = look.Warm()
	p.win = a.NewWindow(windowTitle)
	p.win.SetPadded(false)
	p.win.SetContent(ui.Bare())
	p.win.Resize(fyne.NewSize(1366, 768))
	p.win.SetCloseIntercept(func() {
		if !p.turning { // that takes a moment; then it can be closed
			p.now.w.settle(p.win.Close, func() {})
		}
	})
	return p
}

// show gives the window to a session.
func (p *program) show(s *session) {
	p.now = s
	s.w = newWindow(s.ctx, p.app, p.win, p.post, s.d)
	s.w.practise = func(v settings.Settings) {
		p.turn(func() (options, error) { return s.opts.practising(v), nil })
	}
	s.w.leave = func() {
		p.turn(func() (options, error) { return s.opts.leaving(s.d.settings) })
	}
	s.w.begin(p.fonts)
}

// turn closes the session once everything typed is on disk, and shows the one
// that next names. When that cannot be opened it comes back to the first.
func (p *program) turn(next func() (options, error)) {
	if p.turning {
		return
	}
	p.turning = true
	s := p.now
	s.w.settle(func() {
		s.w.end()
		p.win.SetContent(ui.Bare())
		go func() {
			err := s.close()
			var o options
			var to *session
			if err == nil {
				o, err = next()
			}
			if err == nil {
				to, err = openSession(p.ctx, o)
			}
			if err != nil {
				var again error
				if to, again = openSession(p.ctx, s.opts); again != nil {
					p.post(func() {
						p.failed = errors.Join(err, again)
						p.win.Close()
					})
					return
				}
			}
			p.post(func() {
				p.turning = false
				p.show(to)
				if err != nil {
					dialog.ShowInformation(to.w.words.T("shell.practice"), viewmodel.Sentence(to.w.words, err), p.win)
				}
			})
		}()
	}, func() { p.turning = false })
}

// end closes what is open, after the window is gone.
func (p *program) end() error {
	return errors.Join(p.failed, p.now.w.failed, p.now.close())
}
