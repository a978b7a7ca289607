package window

import (
	"context"
	"errors"
	"fmt"
	"os"

	"fyne.io/fyne/v2/app"

	"counterfoil/app/books"
	"counterfoil/app/settings"
	"counterfoil/sync/desk"
	"counterfoil/ui/look"
)

// Options are what a person asks of the program when it is started.
type Options struct {
	desk.Folder
	Version         string // of the program
	Keyring         string // where the CA certificate is kept: "os", "file" or "memory"
	Language, Theme string // empty: as chosen in the settings
	Tour            string // folder for screenshots of every page
	Smoke           string // "draft": make the first draft and end; "frame": say on stdout when the first frame is drawn, and when the pages are

	first *settings.Settings // how the window looks in a new folder
}

// appID names the program to the system.
const appID = "cn.counterfoil.desk"

// ErrTold says that an error is on the console already.
var ErrTold = errors.New("told")

// Run opens the folder and shows it until the window is closed. What keeps it from
// starting is said on the console at once and, unless nobody looks, in a window of
// its own; it returns that error joined with ErrTold.
func Run(o Options) error {
	if os.Getenv("LANG") == "" || os.Getenv("LANG") == "C" {
		_ = os.Setenv("LANG", "zh_CN.UTF-8") // Fyne reads it for its own dialogs
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s, err := openSession(ctx, o)
	if err != nil {
		return o.failed(ctx, err)
	}
	a := app.NewWithID(appID)
	a.SetIcon(look.App())
	a.Settings().SetTheme(look.Theme{Choice: string(s.chosen.Theme)})
	q := newTail()
	p := newProgram(ctx, a, q.post)
	p.show(s)
	p.win.Show()
	if serveDay != nil {
		serveDay(p)
	}
	switch {
	case o.Tour != "":
		go p.now.tour(o.Tour)
	case o.Smoke == "draft":
		go p.now.smoke()
	}
	a.Run()
	q.end()
	p.now.save() // where the window was not closed but the program was told to end
	q.drain(saveLimit, func() bool { return !p.now.Editor.Unsaved() })
	return p.end()
}

// failed says what keeps the program from starting. Where it is a window that has the
// folder already, that one comes to the front instead of one that says so.
func (o Options) failed(ctx context.Context, err error) error {
	fmt.Fprintln(os.Stderr, "counterfoil:", err)
	var b *books.Error
	already := errors.As(err, &b) && b.Code == "open_already" && desk.BringToFront(ctx, o.Dir) == nil
	if o.Tour == "" && o.Smoke == "" && !already {
		showFailure(o, err)
	}
	return errors.Join(err, ErrTold)
}
