// Package probe is the self-check: it walks from this computer to the invoice
// server, layer by layer, and brings symptoms to sync/fault for a verdict.
//
// A probe never carries a secret over a connection it has not verified: the
// handshake that only captures a certificate sends no request.
package probe

import (
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/link"
	"counterfoil/sync/wire"
)

// State of a check.
type State string

// States.
const (
	Pending State = "pending"
	Running State = "running"
	Good    State = "good"
	Bad     State = "bad"
	Skipped State = "skipped" // a deeper fault stands in the way
)

// Check is one line of the self-check.
type Check struct {
	ID     string // "keyring", "data", "network", "names", "proxy", "route", "clock", "tls", "signin", "server"
	Title  fault.Text
	Layer  fault.Layer
	State  State
	Result string
	MS     int64
}

// Config of a Ladder. Roots, CheckStore, Now and Timeout are needed.
type Config struct {
	ServerURL, EnrolledURL string
	Roots                  func(context.Context) ([]*x509.Certificate, error)
	ClassifyTrust          func(error) fault.ID
	CheckStore             func(context.Context) error
	ClassifyStore          func(error) fault.ID
	DataDir                string
	Proxy                  func(*http.Request) (*url.URL, error)
	Now                    func() time.Time
	Token                  func(context.Context) (string, error)
	Other                  func(context.Context, wire.Health) bool // whether the server is another than the folder's; nil: never
	Device                 string
	Timeout                time.Duration // of the whole walk
	ProtocolMin            int
	ProtocolMax            int
	LastGood               *link.Snapshot
}

// Ladder runs the checks. One run at a time.
type Ladder struct {
	cfg Config

	host, port string
	serverURL  *url.URL
	proxy      *url.URL
	roots      []*x509.Certificate
	addresses  []net.IP
	ours       bool // the product has named itself

	symptoms []fault.Symptom
	evidence []fault.Evidence
	stop     bool // a hard fault: nothing above can be checked
}

// New makes a ladder; it sends nothing.
func New(cfg Config) *Ladder { return &Ladder{cfg: cfg} }

// Report is the outcome of a walk.
type Report struct {
	Finding fault.Finding
	Checks  []Check
	Took    time.Duration
}

type rung struct {
	id    string
	title fault.Text
	layer fault.Layer
	run   func(*Ladder, context.Context) (result string, ok bool)
}

var rungs = []rung{
	{"data", fault.Text{ZH: "本机数据", EN: "Local data"}, fault.PC, (*Ladder).data},
	{"keyring", fault.Text{ZH: "密码库与 CA 证书", EN: "Keyring and CA certificate"}, fault.PC, (*Ladder).keyring},
	{"address", fault.Text{ZH: "服务器地址", EN: "Server address"}, fault.PC, (*Ladder).address},
	{"network", fault.Text{ZH: "网络连接", EN: "Network"}, fault.Network, (*Ladder).network},
	{"proxy", fault.Text{ZH: "代理", EN: "Proxy"}, fault.Internet, (*Ladder).proxyCheck},
	{"names", fault.Text{ZH: "域名解析", EN: "Names"}, fault.Internet, (*Ladder).names},
	{"route", fault.Text{ZH: "到服务器的线路", EN: "Route to the server"}, fault.Internet, (*Ladder).route},
	{"clock", fault.Text{ZH: "电脑时间", EN: "Computer's time"}, fault.PC, (*Ladder).clock},
	{"tls", fault.Text{ZH: "安全连接", EN: "Secure connection"}, fault.Secure, (*Ladder).secure},
	{"server", fault.Text{ZH: "发票服务器", EN: "Invoice server"}, fault.Server, (*Ladder).server},
	{"signin", fault.Text{ZH: "登录", EN: "Sign-in"}, fault.Server, (*Ladder).signIn},
}

// Run walks all rungs; progress is told of each change. It changes nothing.
func (l *Ladder) Run(ctx context.Context, progress func(Check)) Report {
	if progress == nil {
		progress = func(Check) {}
	}
	ctx, cancel := context.WithTimeout(ctx, l.cfg.Timeout)
	defer cancel()
	start := time.Now()
	l.symptoms, l.evidence, l.stop = nil, nil, false
	l.ours, l.proxy = false, nil
	checks := make([]Check, len(rungs))
	for i, r := range rungs {
		checks[i] = Check{ID: r.id, Title: r.title, Layer: r.layer, State: Pending}
		progress(checks[i])
	}
	for i, r := range rungs {
		c := &checks[i]
		if l.stop {
			c.State = Skipped
			progress(*c)
			continue
		}
		c.State = Running
		progress(*c)
		t := time.Now()
		result, ok := r.run(l, ctx)
		c.MS, c.Result, c.State = time.Since(t).Milliseconds(), result, Good
		if !ok {
			c.State = Bad
		}
		l.evidence = append(l.evidence, fault.Evidence{Probe: r.id, Result: result, MS: c.MS})
		progress(*c)
	}
	return Report{Finding: fault.Decide(l.symptoms, l.evidence), Checks: checks, Took: time.Since(start)}
}

// Recheck walks again and reports whether the fault is still there.
func (l *Ladder) Recheck(ctx context.Context, id fault.ID) (still bool, r Report) {
	r = l.Run(ctx, nil)
	return r.Finding.Fault == id, r
}

// found notes a symptom; hard ones end the walk.
func (l *Ladder) found(id fault.ID, c fault.Confidence, values map[string]string) {
	if values == nil {
		values = map[string]string{}
	}
	values["host"] = l.host
	l.symptoms = append(l.symptoms, fault.Symptom{Fault: id, Confidence: c, Values: values})
}

func (l *Ladder) hard(id fault.ID, c fault.Confidence, values map[string]string) {
	l.found(id, c, values)
	l.stop = true
}

// address reads the configured address (K12).
func (l *Ladder) address(context.Context) (string, bool) {
	typed := l.cfg.ServerURL
	values := map[string]string{"typed": typed, "enrolled": l.cfg.EnrolledURL}
	for k, v := range values {
		if v == "" {
			values[k] = "—"
		}
	}
	u, err := url.Parse(typed)
	if typed == "" || err != nil || u.Scheme != "https" || u.Hostname() == "" || strings.ContainsAny(typed, " 　：／。") || u.User != nil {
		l.hard("K12", fault.Proven, values)
		return fmt.Sprintf("%q is no https address", typed), false
	}
	l.serverURL, l.host, l.port = u, u.Hostname(), u.Port()
	if l.port == "" {
		l.port = "443"
	}
	return u.Host, true
}

// Text is the report for people in "zh" or "en".
func (r Report) Text(lang string) string {
	f, ok := fault.Lookup(r.Finding.Fault)
	if !ok {
		if r.Finding.Fault == fault.OK {
			return fault.Text{ZH: "一切正常", EN: "Everything works."}.In(lang)
		}
		return fault.Text{ZH: "没有找到确定的原因", EN: "No certain cause was found."}.In(lang)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s\n%s\n", f.ID, f.Title.In(lang), fault.Render(f.Sentence.In(lang), r.Finding.Values))
	for i, s := range f.Steps {
		fmt.Fprintf(&b, "  %d. %s\n", i+1, s.Text.In(lang))
	}
	return strings.TrimRight(b.String(), "\n")
}
