package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"time"

	"counterfoil/sync/server/metrics"
	"counterfoil/sync/wire"
)

// What a doctor says of one thing.
const (
	well    = "ok"
	odd     = "warn"    // worth a look; no reason to exit with 1
	trouble = "trouble" // somebody must act
	unknown = "unknown" // it could not be looked at
)

// A finding is one thing that was looked at.
type finding struct {
	Name  string `json:"name"`
	State string `json:"state"`
	Says  string `json:"says"`
}

// A doctor looks at a data folder, at a server that runs, or at both.
type doctor struct {
	data, db, cert       string // files
	url, ca, metricsAt   string // of a server that runs
	now                  func() time.Time
	findings             []finding
	figures              *metrics.Figures // of the server that runs; nil when it was not asked
	certificateWarnDays  int
	certificateWrongDays int
}

func (d *doctor) say(name, state, format string, args ...any) {
	d.findings = append(d.findings, finding{name, state, fmt.Sprintf(format, args...)})
}

// doctorCommand looks and exits with 1 when somebody must act.
func doctorCommand(args []string, stdout, stderr io.Writer) int {
	d := doctor{now: time.Now, certificateWarnDays: 30, certificateWrongDays: 7}
	asJSON := false
	f := flag.NewFlagSet("syncd doctor", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&d.data, "data", "", "`DIR` of a server's files, and of the server itself while it runs on this computer")
	f.StringVar(&d.db, "db", "", "database `FILE` (default DIR/server.db)")
	f.StringVar(&d.cert, "tls-cert", "", "certificate `FILE` of the server")
	f.StringVar(&d.url, "url", "", "`URL` of a server that runs")
	f.StringVar(&d.ca, "ca", "", "PEM `FILE` of the CA that its certificate is checked with (default: the system's)")
	f.StringVar(&d.metricsAt, "metrics", "", "`ADDR` of its metrics, as given to syncd --metrics")
	f.BoolVar(&asJSON, "json", false, "answer JSON")
	if err := f.Parse(args); errors.Is(err, flag.ErrHelp) {
		return good
	} else if err != nil {
		return usage
	}
	if d.data == "" && d.url == "" && d.metricsAt == "" || f.NArg() > 0 {
		fmt.Fprintln(stderr, "syncd: use: syncd doctor [--json] [--data DIR [--tls-cert FILE]] [--url URL [--ca FILE]] [--metrics ADDR]")
		return usage
	}
	d.look(context.Background())
	if err := d.print(stdout, asJSON); err != nil {
		fmt.Fprintf(stderr, "syncd: %v\n", err)
		return wrong
	}
	if d.ill() {
		return wrong
	}
	return good
}

func (d *doctor) look(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if d.data != "" {
		d.lookAtData(ctx)
	}
	if d.cert != "" {
		d.lookAtFile()
	}
	if d.url != "" {
		d.lookAtServer(ctx)
	}
	d.lookAtFigures(ctx)
}

func (d *doctor) ill() bool {
	return slices.ContainsFunc(d.findings, func(f finding) bool { return f.State == trouble })
}

func (d *doctor) print(w io.Writer, asJSON bool) error {
	if asJSON {
		b, err := wire.Marshal(struct {
			OK       bool             `json:"ok"`
			Findings []finding        `json:"findings"`
			Figures  *metrics.Figures `json:"figures,omitempty"`
		}{!d.ill(), d.findings, d.figures})
		if err == nil {
			_, err = fmt.Fprintf(w, "%s\n", b)
		}
		return err
	}
	for _, f := range d.findings {
		if _, err := fmt.Fprintf(w, "%-8s %-12s %s\n", f.State, f.Name, f.Says); err != nil {
			return err
		}
	}
	return nil
}
