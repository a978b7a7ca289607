// Counterfoil is a desktop invoicing client that keeps working when the server
// cannot be reached.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"

	"fyne.io/fyne/v2/app"

	"counterfoil/app/settings"
	"counterfoil/ui/look"
)

const version = "0.1.0"

// options are the command line.
type options struct {
	data, keyring, lang, theme string
	practice                   bool
	real                       string             // the folder that practice goes back to; empty: it is not known
	first                      *settings.Settings // how the window looks in a new folder
	tour                       string             // folder for screenshots of every page
	smoke                      string             // "draft": make the first draft and end; "frame": say on stdout when the first frame is drawn, and when the pages are
}

func parse(args []string) (options, error) {
	var o options
	f := flag.NewFlagSet("counterfoil", flag.ContinueOnError)
	home, err := os.UserConfigDir()
	if err != nil {
		home = "."
	}
	f.StringVar(&o.data, "data", "", "folder that holds this desk's invoices; empty: counterfoil in the user's configuration folder, counterfoil-practice for practice")
	f.StringVar(&o.keyring, "keyring", "os", "where the CA certificate is kept: os, file or memory")
	f.StringVar(&o.lang, "lang", "", "zh or en; empty: as chosen in the settings")
	f.StringVar(&o.theme, "theme", "", "light or dark; empty: as chosen in the settings")
	f.BoolVar(&o.practice, "practice", false, "practise with the server inside the program, in a folder of its own")
	f.StringVar(&o.tour, "tour", "", "write a screenshot of every page into this folder and end")
	f.StringVar(&o.smoke, "smoke", "", "draft: make a first draft through the window and end; frame: say on stdout when the first frame is drawn, and when the pages are")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	o.folders(home)
	switch o.keyring {
	case "os", "file", "memory":
	default:
		return o, fmt.Errorf("--keyring is os, file or memory, not %q", o.keyring)
	}
	switch o.smoke {
	case "", "draft", "frame":
	default:
		return o, fmt.Errorf("--smoke is draft or frame, not %q", o.smoke)
	}
	return o, nil
}

func main() {
	o, err := parse(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "counterfoil:", err)
		os.Exit(2)
	}
	if err := run(o); err != nil {
		if !errors.Is(err, errTold) {
			fmt.Fprintln(os.Stderr, "counterfoil:", err)
		}
		os.Exit(1)
	}
}

// errTold says that the error is on the console already.
var errTold = errors.New("told")

// failed says why the program cannot start, on the console at once and, unless
// nobody looks, in a window of its own.
func (o options) failed(err error) error {
	fmt.Fprintln(os.Stderr, "counterfoil:", err)
	if o.tour == "" && o.smoke == "" {
		showFailure(o, err)
	}
	return errors.Join(err, errTold)
}

func run(o options) error {
	if os.Getenv("LANG") == "" || os.Getenv("LANG") == "C" {
		_ = os.Setenv("LANG", "zh_CN.UTF-8") // Fyne reads it for its own dialogs
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s, err := openSession(ctx, o)
	if err != nil {
		return o.failed(err)
	}
	a := app.NewWithID("cn.counterfoil.desk")
	a.SetIcon(look.App())
	a.Settings().SetTheme(look.Theme{Choice: string(s.d.settings.Theme)})
	q := newTail()
	p := newProgram(ctx, a, q.post)
	p.show(s)
	p.win.Show()
	if serveDay != nil {
		serveDay(p)
	}
	switch {
	case o.tour != "":
		go s.w.tour(o.tour)
	case o.smoke == "draft":
		go s.w.smoke()
	}
	a.Run()
	q.end()
	p.now.w.save() // where the window was not closed but the program was told to end
	q.drain(saveLimit, func() bool { return !p.now.w.editor.Unsaved() })
	return p.end()
}
