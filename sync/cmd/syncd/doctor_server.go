package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"counterfoil/sync/disk"
	"counterfoil/sync/server/metrics"
	"counterfoil/sync/server/vitals"
	"counterfoil/sync/wire"
)

// maxAnswer is the size of an answer that is read, in bytes.
const maxAnswer = 1 << 20

// lookAtServer asks a server how it is, as a desk would.
func (d *doctor) lookAtServer(ctx context.Context) {
	u, err := url.Parse(d.url)
	if err != nil || u.Host == "" {
		d.say("server", trouble, "%q is no URL", d.url)
		return
	}
	roots, err := d.roots()
	if err != nil {
		d.say("server", trouble, "%v", err)
		return
	}
	var shown []*x509.Certificate
	// It is looked at whatever it is; what a desk would say of it is a finding.
	config := &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12, VerifyConnection: func(c tls.ConnectionState) error { //nolint:gosec // nothing secret is sent
		shown = c.PeerCertificates
		return nil
	}}
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: config}}
	defer client.CloseIdleConnections()
	start := d.now()
	body, header, err := get(ctx, client, strings.TrimRight(d.url, "/")+"/healthz")
	took := d.now().Sub(start)
	if len(shown) > 0 {
		d.certificate(shown[0])
		d.chain(shown, u.Hostname(), roots)
	}
	if err != nil {
		d.say("server", trouble, "%v", err)
		return
	}
	var h wire.Health
	if err := wire.Unmarshal(body, &h); err != nil || h.Product != wire.Product {
		d.say("server", trouble, "another program answers at %s", d.url)
		return
	}
	d.say("server", well, "%s %s, %s, %d ms", h.Product, h.Version, h.Environment, took.Milliseconds())
	d.clock(header.Get("Date"), start.Add(took/2))
	if h.Maintenance != nil {
		d.say("maintenance", odd, "until %s", h.Maintenance.Until.Format(time.RFC3339))
	}
	d.deps(h.Deps)
	if h.QueueLag > vitals.Backlog.Seconds() {
		d.say("queue", trouble, "the oldest invoice has waited for %.0f s", h.QueueLag)
	}
}

func (d *doctor) roots() (*x509.CertPool, error) {
	if d.ca == "" {
		return nil, nil // the system's
	}
	raw, err := disk.Read(d.ca, maxAnswer)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(raw) {
		return nil, fmt.Errorf("%s holds no certificate", d.ca)
	}
	return pool, nil
}

// chain verifies what was shown as a desk does.
func (d *doctor) chain(shown []*x509.Certificate, host string, roots *x509.CertPool) {
	o := x509.VerifyOptions{Roots: roots, DNSName: host, CurrentTime: d.now(), Intermediates: x509.NewCertPool()}
	for _, c := range shown[1:] {
		o.Intermediates.AddCert(c)
	}
	if _, err := shown[0].Verify(o); err != nil {
		d.say("chain", trouble, "%v", err)
		return
	}
	d.say("chain", well, "it leads to a known CA and names %s", host)
}

func (d *doctor) clock(date string, at time.Time) {
	there, err := http.ParseTime(date)
	if err != nil {
		d.say("clock", unknown, "the server does not tell its time")
		return
	}
	off := there.Sub(at).Round(time.Second)
	switch {
	case off.Abs() > drift:
		d.say("clock", trouble, "the server's clock is %s off this computer's", off)
	case off.Abs() > 30*time.Second:
		d.say("clock", odd, "the server's clock is %s off this computer's", off)
	default:
		d.say("clock", well, "%s off this computer's", off)
	}
}

// deps are the states of what the server stands on.
func (d *doctor) deps(deps map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(deps)) {
		state := trouble
		switch deps[name] {
		case "ok":
			state = well
		case "slow":
			state = odd
		}
		d.say(name, state, "%s", deps[name])
	}
}

// lookAtFigures asks a server that runs for its figures.
func (d *doctor) lookAtFigures(ctx context.Context) {
	address := d.metricsAt
	if address == "" && d.data != "" {
		address = metricsOf(d.data)
	}
	if address == "" {
		return
	}
	client := &http.Client{Timeout: 5 * time.Second}
	defer client.CloseIdleConnections()
	body, _, err := get(ctx, client, "http://"+address+"/figures")
	var f metrics.Figures
	if err == nil {
		err = wire.Unmarshal(body, &f)
	}
	if err != nil {
		state := unknown
		if d.metricsAt != "" {
			state = trouble // somebody named it
		}
		d.say("figures", state, "%v", err)
		return
	}
	d.figures = &f
	d.judge(f)
}

// judge says what the figures of a server mean.
func (d *doctor) judge(f metrics.Figures) {
	of := func(name string, bad bool, format string, args ...any) {
		state := well
		if bad {
			state = trouble
		}
		d.say(name, state, format, args...)
	}
	of("pool", f.Waiting > vitals.Crowd, "%d requests wait for the database, %d use it", f.Waiting, f.InUse)
	of("sql", f.Slowest > longest.Seconds() || f.Ping > longest.Seconds(), "%.2f s for the slowest transaction of ten minutes, %.3f s for one small question", f.Slowest, f.Ping)
	d.gc(f)
	if d.url == "" {
		d.deps(f.Deps)
		if f.QueueLag > vitals.Backlog.Seconds() {
			d.say("queue", trouble, "the oldest invoice has waited for %.0f s", f.QueueLag)
		}
	}
	if d.data == "" && f.Disk > 0 {
		d.room(f.DiskFree, f.Disk)
	}
}

// gc is trouble when it is frequent and keeps the program from its work: alone
// it runs beside it, and often so just after the start.
func (d *doctor) gc(f metrics.Figures) {
	state := well
	switch {
	case f.GC > 1 && f.Paused > 0.01:
		state = trouble
	case f.GC > 1 && d.now().Sub(f.Started) > 10*time.Minute:
		state = odd
	}
	d.say("gc", state, "%.0f garbage collections in a minute, which stopped it for %.2f %% of the time", f.GC, f.Paused*100)
}

// get reads an answer of status 200.
func get(ctx context.Context, c *http.Client, address string) ([]byte, http.Header, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, nil, err
	}
	resp, err := c.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err == nil && resp.StatusCode != http.StatusOK {
		err = errors.New("the answer is " + resp.Status)
	}
	return body, resp.Header, err
}
