// Counterfoil is a desktop invoicing client that keeps working when the server
// cannot be reached.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"

	"counterfoil/sync/desk"
	"counterfoil/ui/window"
)

const version = "0.1.0"

func main() {
	o, err := parse(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "counterfoil:", err)
		os.Exit(2)
	}
	if err := window.Run(o); err != nil {
		if !errors.Is(err, window.ErrTold) {
			fmt.Fprintln(os.Stderr, "counterfoil:", err)
		}
		os.Exit(1)
	}
}

// parse reads the command line.
func parse(args []string) (window.Options, error) {
	o := window.Options{Version: version}
	f := flag.NewFlagSet("counterfoil", flag.ContinueOnError)
	data := f.String("data", "", "folder that holds this desk's invoices; empty: counterfoil in the user's configuration folder, counterfoil-practice for practice")
	f.StringVar(&o.Keyring, "keyring", "os", "where the CA certificate is kept: os, file or memory")
	f.StringVar(&o.Language, "lang", "", "zh or en; empty: as chosen in the settings")
	f.StringVar(&o.Theme, "theme", "", "light or dark; empty: as chosen in the settings")
	practice := f.Bool("practice", false, "practise with the server inside the program, in a folder of its own")
	f.StringVar(&o.Tour, "tour", "", "write a screenshot of every page into this folder and end")
	f.StringVar(&o.Smoke, "smoke", "", "draft: make a first draft through the window and end; frame: say on stdout when the first frame is drawn, and when the pages are")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	home, err := os.UserConfigDir()
	if err != nil {
		home = "."
	}
	o.Folder = desk.FolderOf(*data, *practice, home)
	o.Dir = desk.Settled(desk.Home(), o.Dir)
	if o.Real != "" {
		o.Real = desk.Settled(desk.Home(), o.Real)
	}
	switch o.Keyring {
	case "os", "file", "memory":
	default:
		return o, fmt.Errorf("--keyring is os, file or memory, not %q", o.Keyring)
	}
	switch o.Smoke {
	case "", "draft", "frame":
	default:
		return o, fmt.Errorf("--smoke is draft or frame, not %q", o.Smoke)
	}
	return o, nil
}
