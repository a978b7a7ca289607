package viewmodel

import (
	"context"
	"errors"
	"maps"
	"sync"
	"testing"

	"counterfoil/app/settings"
)

type place struct {
	mu             sync.Mutex
	values         map[string]string
	url, token     string
	trusted        string
	parse, connect error
}

func (p *place) Setting(_ context.Context, n string) (string, error) { return p.values[n], nil }
func (p *place) SetSetting(_ context.Context, n, v string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.values[n] = v
	return nil
}
func (p *place) URL() string                              { return p.url }
func (p *place) Forgets(_ context.Context, a string) bool { return p.token != "" && a != p.url }
func (p *place) Connect(_ context.Context, a, t string) error {
	if p.connect == nil {
		p.url, p.token = a, t
	}
	return p.connect
}
func (p *place) Parse([]byte) ([]CASummary, error) {
	return []CASummary{{Subject: "CA", Fingerprint: "AB12CD34"}}, p.parse
}
func (p *place) Trust(_ context.Context, _ []byte, f string) error { p.trusted = f; return nil }

func TestSettings(t *testing.T) {
	w, s := newWindow(t)
	p := &place{values: map[string]string{}}
	m := NewSettings(s, p, p, p, settings.Default(), PlaceFacts{})
	var seen settings.Settings
	m.Restyled = func(v settings.Settings) { seen = v }
	m.SetLanguage(settings.English)
	w.until("saved", m.Saved)
	m.SetTheme(settings.Dark)
	w.until("saved", m.Saved)
	if seen.Theme != settings.Dark || p.values["theme"] != "dark" || p.values["language"] != "en" {
		t.Fatalf("%+v %v", seen, p.values)
	}
	m.Connect(" https://x ", "t ")
	w.until("connected", m.Saved)
	if p.url != "https://x" || p.token != "t" {
		t.Fatal(p.url, p.token)
	}
	m.Connect(" https://y", " ")
	w.until("told", func() bool { return m.Message() == Sentence(plain{}, errForgotten) })
	if p.url != "https://y" || m.Saved() {
		t.Fatal(p.url, m.Saved())
	}
	p.connect = errors.New("bad address")
	m.Connect("x", "")
	w.until("error", func() bool { return m.Message() == "bad address" })
}

func TestCAImport(t *testing.T) {
	w, s := newWindow(t)
	p := &place{}
	c := NewCAImport(s, p)
	c.Type("ab12cd34")
	if c.Match() || c.Wrong() {
		t.Fatal("judged without a file")
	}
	c.File([]byte("pem"))
	if c.Match() || c.Summary()[0].Grouped() != "AB12 CD34" {
		t.Fatal("a new file keeps the old fingerprint")
	}
	c.Type("AB:12")
	if c.Match() || c.Wrong() {
		t.Fatal("half typed")
	}
	c.Type("ab13")
	c.Trust(context.Background())
	if !c.Wrong() || c.Busy() {
		t.Fatal("wrong fingerprint")
	}
	c.Type("ab:12 cd-34")
	c.Trust(context.Background())
	w.until("trusted", c.Trusted)
	if p.trusted != "ab12cd34" {
		t.Fatal(p.trusted)
	}
	p.parse = errors.New("no certificate")
	c.File([]byte("x"))
	if c.Message() != "no certificate" || c.Match() || c.Trusted() {
		t.Fatal("bad file")
	}
}

func TestFirstRun(t *testing.T) {
	w, s := newWindow(t)
	p := &place{values: map[string]string{}}
	l := &ladder{}
	f := NewFirstRun(s, p, p, p, NewWizard(s, l, l, (&clockwork{}).ticker, func() int { return 0 }), settings.Default())
	at := func(step FirstStep) { t.Helper(); w.until(string(step), func() bool { return f.Step() == step }) }
	f.Language(settings.English)
	at(FirstChoice)
	f.Connect()
	f.Back()
	at(FirstChoice)
	f.Connect()
	f.Address("https://x", "t")
	at(FirstCA)
	f.CA.File([]byte("pem"))
	f.CA.Type("ab12cd34")
	f.CA.Trust(context.Background())
	at(FirstCheck)
	w.until("healthy", func() bool { return f.Wizard.Stage() == StageHealthy })
	f.Next()
	at(FirstDone)
	opened := false
	f.Finished = func() { opened = true }
	f.Finish()
	w.until("first invoice", func() bool { return opened })
	if p.values["first_run_done"] != "yes" || p.values["language"] != "en" {
		t.Fatal(p.values)
	}
	g := NewFirstRun(s, p, p, p, NewWizard(s, l, l, (&clockwork{}).ticker, func() int { return 0 }), settings.Default())
	var look settings.Settings
	g.Practise = func(v settings.Settings) { look = v }
	kept := maps.Clone(p.values)
	g.Language(settings.English)
	g.Practice()
	if look.Language != settings.English || !maps.Equal(kept, p.values) {
		t.Fatal("practice leaves this folder as it is:", look, p.values)
	}
}
