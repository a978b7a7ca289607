package window

import (
	"context"
	"fmt"
	"os/exec"
	"runtime"
	"slices"
	"sync"
	"time"

	"counterfoil/app/books"
	"counterfoil/sync/desk"
	"counterfoil/sync/fault"
	"counterfoil/sync/link"
	"counterfoil/sync/probe"
	"counterfoil/sync/trust"
	"counterfoil/ui/viewmodel"
)

// The adapters give the view-models what they show in their own plain types.

func both(t fault.Text) viewmodel.Bilingual { return viewmodel.Bilingual{ZH: t.ZH, EN: t.EN} }

func same(s string) viewmodel.Bilingual { return viewmodel.Bilingual{ZH: s, EN: s} }

// facts is the connection as it stands; the window reads it about once a second.
type facts struct {
	d *desk.Desk

	mu     sync.Mutex // guards below
	counts books.Counts
	asides []books.Aside // newest first
	report *probe.Report // of the last self-check
}

// read brings the counts up to date; it touches the disk.
func (f *facts) read(ctx context.Context) error {
	c, err := f.d.Store.Counts(ctx, books.Filter{})
	if err != nil {
		return err
	}
	set, err := f.d.Store.Asides(ctx, 20)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.counts, f.asides = c, set
	return nil
}

// Counts are those of all invoices here, as they were read last.
func (f *facts) Counts() books.Counts {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.counts
}

func (f *facts) Facts() viewmodel.ConnectionFacts {
	f.mu.Lock()
	n, report, asides := f.counts, f.report, f.asides
	f.mu.Unlock()
	m := f.d.Monitor()
	st, day := m.State(), m.Stats(24*time.Hour)
	out := viewmodel.ConnectionFacts{
		Connected: f.d.URL() != "", Online: st.Kind == link.Online, LastSync: st.LastOK,
		Waiting: n.UnsyncedInvoices, WaitingGross: n.UnsyncedGross, OldestWaiting: n.OldestUnsynced,
		Requests: day.Requests, Availability: day.Availability, Success: day.Success, P50: day.P50, P99: day.P99,
		NextTry: f.d.Engine().NextTry(), Names: desk.Personal(f.d.Dir, f.d.URL()),
	}
	out.Sending = out.Connected && out.NextTry.IsZero()
	out.CertificateEnd = m.CertificateEnd()
	id := fault.ID(st.Fault)
	values := map[string]string{"host": f.d.URL()}
	if report != nil && st.Kind != link.Online && report.Finding.Fault != fault.OK && report.Finding.Fault != fault.Unknown {
		id, values = report.Finding.Fault, report.Finding.Values
	}
	if row, ok := fault.Lookup(id); ok && st.Kind != link.Online {
		out.Fault, out.Who = string(id), string(row.Who)
		out.What = viewmodel.Bilingual{ZH: fault.Render(row.Sentence.ZH, values), EN: fault.Render(row.Sentence.EN, values)}
		f.lamps(&out, row.Layer, row.Title)
	} else if st.Kind == link.Online {
		for i := range out.Lamps {
			out.Lamps[i].State = viewmodel.LampGood
		}
		out.Lamps[4].Took = day.P50
	}
	for _, b := range m.Buckets(24*time.Hour, 72) {
		out.Buckets = append(out.Buckets, viewmodel.Bucket{Start: b.At, OK: b.Good, Failed: b.Bad, Median: b.P50})
	}
	for _, e := range m.Timeline(time.Now().Add(-24 * time.Hour)) {
		out.Events = append(out.Events, event(e))
	}
	for _, a := range asides {
		out.Events = append(out.Events, asideEvent(a))
	}
	slices.SortStableFunc(out.Events, func(a, b viewmodel.ConnectionEvent) int { return b.At.Compare(a.At) })
	for _, c := range m.Changes() {
		out.Changes = append(out.Changes, change(c))
	}
	return out
}

// Send asks for a round of sync now.
func (f *facts) Send() { f.d.Engine().Wake() }

func (f *facts) lamps(out *viewmodel.ConnectionFacts, broken fault.Layer, title fault.Text) {
	state := viewmodel.LampGood
	for i, l := range fault.Layers {
		out.Lamps[i].State = state
		if l == broken {
			out.Lamps[i].State, out.Lamps[i].Note = viewmodel.LampBad, both(title)
			state = viewmodel.LampUnknown
		}
	}
}

// compared are the words of what is compared with the last good connection.
var compared = map[string]fault.Text{
	"certificate": {ZH: "服务器证书", EN: "server certificate"}, "address": {ZH: "服务器地址", EN: "server address"},
	"clock": {ZH: "本机时间误差", EN: "clock offset"}, "network": {ZH: "本机网络地址", EN: "this computer's address"},
	"resolver": {ZH: "域名服务器", EN: "name server"}, "proxy": {ZH: "代理", EN: "proxy"}, "server": {ZH: "服务器程序", EN: "server program"},
}

func change(c link.Change) viewmodel.ConnectionChange {
	side := func(s string) viewmodel.Bilingual {
		switch {
		case c.Key == "clock":
			return viewmodel.Bilingual{ZH: s + " 秒", EN: s + " s"}
		case s == link.Direct:
			return viewmodel.Bilingual{ZH: "无（直连）", EN: "none (direct)"}
		}
		return same(s)
	}
	name, text := compared[c.Key], side(c.After)
	if c.Changed {
		before := side(c.Before)
		text = viewmodel.Bilingual{ZH: before.ZH + " → " + text.ZH, EN: before.EN + " → " + text.EN}
	}
	return viewmodel.ConnectionChange{Changed: c.Changed, Text: viewmodel.Bilingual{ZH: name.ZH + " " + text.ZH, EN: name.EN + " " + text.EN}}
}

func event(e link.Event) viewmodel.ConnectionEvent {
	out := viewmodel.ConnectionEvent{At: e.At, State: viewmodel.LampGood, Text: viewmodel.Bilingual{ZH: "已连接", EN: "connected"}}
	switch e.Kind {
	case link.Offline:
		out.State, out.Text = viewmodel.LampBad, viewmodel.Bilingual{ZH: "连接中断", EN: "disconnected"}
	case link.Degraded:
		out.State, out.Text = viewmodel.LampSlow, viewmodel.Bilingual{ZH: "线路不稳", EN: "unsteady"}
	}
	if row, ok := fault.Lookup(fault.ID(e.Fault)); ok {
		out.Text = viewmodel.Bilingual{ZH: out.Text.ZH + "：" + row.Title.ZH, EN: out.Text.EN + ": " + row.Title.EN}
	}
	return out
}

// asideEvent names a document that the server has and this version cannot read.
func asideEvent(a books.Aside) viewmodel.ConnectionEvent {
	return viewmodel.ConnectionEvent{At: a.At, State: viewmodel.LampSlow, Text: viewmodel.Bilingual{
		ZH: "服务器上的单据 " + a.ID + " 本版本读不了，已另存；升级后会再读",
		EN: "the server's document " + a.ID + " cannot be read by this version; it is kept and read again after an update",
	}}
}

// selfCheck walks the ladder for the wizard.
type selfCheck struct {
	d     *desk.Desk
	facts *facts
	look  func(ctx context.Context, progress func(probe.Check)) probe.Report // walks all checks
}

func newSelfCheck(d *desk.Desk, f *facts) *selfCheck {
	return &selfCheck{d, f, func(ctx context.Context, progress func(probe.Check)) probe.Report {
		return d.SelfCheck(ctx, "", 15*time.Second, progress)
	}}
}

func convert(c probe.Check) viewmodel.Check {
	out := viewmodel.Check{ID: c.ID, Title: both(c.Title), Took: time.Duration(c.MS) * time.Millisecond}
	switch c.State {
	case probe.Running:
		out.State = viewmodel.CheckRunning
	case probe.Good:
		out.State = viewmodel.CheckGood
	case probe.Bad:
		out.State = viewmodel.CheckBad
	case probe.Skipped:
		out.State = viewmodel.CheckSkipped
	}
	return out
}

func (s *selfCheck) walk(ctx context.Context, progress func(probe.Check)) probe.Report {
	r := s.look(ctx, progress)
	s.facts.mu.Lock()
	s.facts.report = &r
	s.facts.mu.Unlock()
	// What is wrong on this computer need not stop the connection.
	if row, ok := fault.Lookup(r.Finding.Fault); ok && row.Layer != fault.PC && r.Finding.Confidence == fault.Proven {
		s.d.Monitor().Proven(string(r.Finding.Fault))
	}
	return r
}

// Run walks all checks.
func (s *selfCheck) Run(ctx context.Context, progress func(viewmodel.Check)) viewmodel.Finding {
	r := s.walk(ctx, func(c probe.Check) { progress(convert(c)) })
	out := viewmodel.Finding{Proven: r.Finding.Confidence == fault.Proven, Names: desk.Personal(s.d.Dir, s.d.URL())}
	for _, c := range r.Checks {
		if c.State == probe.Bad && out.CheckID == "" {
			out.CheckID = c.ID
		}
	}
	for _, e := range r.Evidence() {
		out.Evidence = append(out.Evidence, same(fmt.Sprintf("%s: %s (%d ms)", e.Probe, e.Result, e.MS)))
	}
	if r.Finding.Fault == fault.OK {
		s.d.Engine().Wake() // the way is open: nothing waits for its next try
		return viewmodel.Finding{}
	}
	out.Fault = string(r.Finding.Fault)
	row, ok := fault.Lookup(r.Finding.Fault)
	if !ok {
		out.Title = viewmodel.Bilingual{ZH: "没有找到确定的原因", EN: "No certain cause was found"}
		out.Sentence = viewmodel.Bilingual{ZH: "请把依据发给 IT。可以照常离线开票。", EN: "Send the evidence to IT. You can go on working offline."}
		out.Who = viewmodel.WhoIT
		return out
	}
	out.Title, out.Who, out.Minutes = both(row.Title), string(row.Who), 1
	out.Sentence = viewmodel.Bilingual{ZH: fault.Render(row.Sentence.ZH, r.Finding.Values), EN: fault.Render(row.Sentence.EN, r.Finding.Values)}
	for _, st := range row.Steps {
		w := viewmodel.WizardStep{Text: both(st.Text)}
		if b, ok := stepButtons[st.Action]; ok {
			w.Button, w.Action = both(b), st.Action
		}
		out.Steps = append(out.Steps, w)
	}
	return out
}

var stepButtons = map[string]fault.Text{
	"open:network": {ZH: "打开网络设置", EN: "Open network settings"}, "open:date": {ZH: "打开日期和时间设置", EN: "Open date and time"},
	"open:proxy": {ZH: "打开代理设置", EN: "Open proxy settings"}, "open:storage": {ZH: "打开存储设置", EN: "Open storage settings"},
	"restore_url": {ZH: "恢复登记的地址", EN: "Restore the address"}, "import_ca": {ZH: "导入 CA 证书", EN: "Import the CA"},
	"unlock_keyring": {ZH: "解锁密码库", EN: "Unlock"}, "sign_in": {ZH: "填写令牌", EN: "Type the token"},
}

// Recheck walks again and gives the one check.
func (s *selfCheck) Recheck(ctx context.Context, id string) viewmodel.Check {
	for _, c := range s.walk(ctx, nil).Checks {
		if c.ID == id {
			return convert(c)
		}
	}
	return viewmodel.Check{ID: id}
}

// steps does what a step's button promises, on a worker's goroutine. Only
// fixed texts are ever run.
type steps struct {
	open  func(page string) // may be called on any goroutine
	start func(name string, args ...string) error
}

// startProgram starts a program of the system and does not wait for it.
func startProgram(name string, args ...string) error {
	cmd := exec.Command(name, args...)
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() { _ = cmd.Wait() }() // its window may stay open
	return nil
}

var settingsPages = map[string]map[string][]string{
	"windows": {"open:network": {"explorer", "ms-settings:network"}, "open:date": {"explorer", "ms-settings:dateandtime"}, "open:proxy": {"explorer", "ms-settings:network-proxy"}, "open:storage": {"explorer", "ms-settings:storagesense"}},
	"darwin":  {"open:network": {"open", "x-apple.systempreferences:com.apple.preference.network"}, "open:date": {"open", "x-apple.systempreferences:com.apple.preference.datetime"}, "open:proxy": {"open", "x-apple.systempreferences:com.apple.preference.network"}, "open:storage": {"open", "x-apple.systempreferences:com.apple.settings.Storage"}},
	"linux":   {"open:network": {"gnome-control-center", "network"}, "open:date": {"gnome-control-center", "datetime"}, "open:proxy": {"gnome-control-center", "network"}, "open:storage": {"gnome-control-center", "info-overview"}},
}

func (a steps) Do(action string) error {
	switch action {
	case "restore_url", "import_ca", "sign_in", "unlock_keyring":
		a.open("settings")
		return nil
	}
	if c := settingsPages[runtime.GOOS][action]; c != nil {
		if err := a.start(c[0], c[1:]...); err != nil {
			return &books.Error{Code: "open_settings", Text: "the settings cannot be opened from here", Hint: "open them by hand", Err: err}
		}
	}
	return nil
}

// keeper leads a CA file into the keyring.
type keeper struct{ d *desk.Desk }

func (k keeper) Parse(pem []byte) ([]viewmodel.CASummary, error) {
	b, err := trust.Import(pem, time.Now())
	if err != nil {
		return nil, err
	}
	var out []viewmodel.CASummary
	for _, s := range b.Summary() {
		out = append(out, viewmodel.CASummary(s))
	}
	return out, nil
}

func (k keeper) Trust(ctx context.Context, pem []byte, fingerprint string) error {
	b, err := trust.Import(pem, time.Now())
	if err != nil {
		return err
	}
	if err := b.Confirm(fingerprint); err != nil {
		return err
	}
	if err := k.d.Trust(ctx, b); err != nil {
		return err
	}
	k.d.Engine().Kick()
	return nil
}

// trainer is the practice server as the practice page sees it.
type trainer struct{ *session }

var errNoPractice = &books.Error{Code: "no_practice", Text: "the practice server is not running", Hint: "start with --practice, or choose practice in the first-run guide"}

func (t trainer) Faults() []viewmodel.PracticeFault {
	p := t.server
	if p == nil {
		return nil
	}
	var out []viewmodel.PracticeFault
	for _, f := range p.Faults() {
		out = append(out, viewmodel.PracticeFault{ID: f.ID, Title: viewmodel.Bilingual{ZH: f.TitleZH, EN: f.TitleEN}, On: f.On})
	}
	return out
}

func (t trainer) Set(_ context.Context, id string, on bool) error {
	p := t.server
	if p == nil {
		return errNoPractice
	}
	err := p.Set(id, on)
	if on {
		t.d.Engine().Kick()
	} else {
		t.d.Engine().Wake()
	}
	return err
}

func (t trainer) EditDraft(ctx context.Context) (string, error) {
	p := t.server
	if p == nil {
		return "", errNoPractice
	}
	inv, err := p.SecondBranch.EditDraft(ctx, "")
	if err != nil {
		return "", err
	}
	t.d.Engine().Kick()
	return inv.Reference, nil
}
