package window

import (
	"context"
	"errors"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"

	"counterfoil/app/settings"
	"counterfoil/sync/desk"
	"counterfoil/ui/look"
	"counterfoil/ui/viewmodel"
)

// program is the window with the session it shows. Its methods run on the
// window's goroutine.
type program struct {
	ctx   context.Context
	app   fyne.App
	win   fyne.Window
	post  dispatcher
	fonts <-chan struct{}

	now     *window
	turning bool // another folder is being opened
	failed  error
}

func newProgram(ctx context.Context, a fyne.App, post dispatcher) *program {
	p := &program{ctx: ctx, app: a, post: post}
	p.fonts = look.Warm()
	p.win = a.NewWindow(windowTitle)
	p.win.SetPadded(false)
	p.win.SetContent(Bare())
	p.win.Resize(fyne.NewSize(1366, 768))
	p.win.SetCloseIntercept(func() {
		if !p.turning { // that takes a moment; then it can be closed
			p.now.settle(p.win.Close, func() {})
		}
	})
	return p
}

// show gives the window to a session.
func (p *program) show(s *session) {
	w := newWindow(p.app, p.win, p.post, s)
	practise := func(v settings.Settings) {
		p.turn("shell.practice", false, func() (Options, error) { return s.opts.practising(v), nil })
	}
	w.FirstRun.Practise = practise
	w.Practise = func() { practise(w.Settings.Values()) }
	w.Leave = func() {
		p.turn("shell.practice", false, func() (Options, error) { return s.opts.leaving(s.chosen) })
	}
	w.facts.moveData = func(move func(context.Context, desk.Config) (string, error)) {
		p.turn("settings.folder", true, func() (Options, error) {
			o := s.opts
			to, err := move(p.ctx, o.config())
			if err == nil {
				o.Dir = to
			}
			return o, err
		})
	}
	w.Backups.Restore = func(name string) {
		p.turn("backups.title", false, func() (Options, error) {
			_, err := desk.RestoreData(p.ctx, s.opts.config(), desk.Plan{From: name})
			return s.opts, err
		})
	}
	p.now = w
	w.begin(p.fonts)
}

// turn closes the session once everything typed is on disk, and shows the one
// that next names. When that cannot be opened it comes back to the first, and says so
// under title. despite: it may be the disk that is at fault, so what cannot be written
// while the session is closed does not stop it.
func (p *program) turn(title string, despite bool, next func() (Options, error)) {
	if p.turning {
		return
	}
	p.turning = true
	w := p.now
	w.settle(func() {
		w.end()
		p.win.SetContent(Bare())
		go func() {
			err := w.close()
			var o Options
			var to *session
			if err == nil || despite {
				o, err = next()
			}
			if err == nil {
				to, err = openSession(p.ctx, o)
			}
			if err != nil {
				var again error
				if to, again = openSession(p.ctx, w.opts); again != nil {
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
					dialog.ShowInformation(p.now.words.T(title), viewmodel.Sentence(p.now.words, err), p.win)
				}
			})
		}()
	}, func() { p.turning = false })
}

// end closes what is open, after the window is gone.
func (p *program) end() error {
	return errors.Join(p.failed, p.now.failed, p.now.close())
}
