// Package practice is the embedded practice server: a real TLS server with its
// own certificate authority, sample master data and invoices, a second branch,
// and switches for faults, so that anyone can see each fault and its guide. It
// wraps a server of package server from outside: a handler in front of it, a clock,
// a tax service and a database that can be away, and offices that are its clients.
//
// Words: a Fault is something that goes wrong on purpose while its switch is on;
// its id is the one of the fault catalogue.
//
// The package refuses to be a production server: it accepts any token unless it
// is told whom to accept, and its CA must never be trusted outside practice.
package practice

import (
	"context"
	"errors"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"counterfoil/app/document"
	"counterfoil/sync/disk"
	"counterfoil/sync/server"
	"counterfoil/sync/server/access"
	"counterfoil/sync/server/listen"
	"counterfoil/sync/server/sqlite"
	"counterfoil/sync/server/vitals"
	"counterfoil/sync/wire"
)

// Config of a practice server. Only Dir is needed.
type Config struct {
	Dir     string           // its folder: CA, token and database
	Listen  string           // empty is "127.0.0.1:0"; port 0 takes the port of last time when it is free
	DB      string           // database file; empty is Dir/server.db
	Now     func() time.Time // nil is time.Now
	Version string
	// Access returns who a token speaks for; nil lets any token in, and none, to
	// the whole company, and serves on loopback only.
	Access   func(token string) (access.Principal, error)
	PassLife time.Duration // of server.Config
	// LoginUp reports whether Access can be asked; nil is always.
	LoginUp  func() bool
	Instance string // as answers name it; empty is "node-1"
	// Desk is the desk on this computer, which switches may play with; nil: there is
	// none, and no such switch.
	Desk  Desk
	Empty bool // no sample data
	// NoInvoices leaves the sample invoices out, so that numbers begin at 1.
	NoInvoices bool
	Faults     []string // switched on from the start
	// Sellers are handed out instead of the samples.
	Sellers []document.Document
	// DateBack and DateAhead are the window of server.Config.
	DateBack, DateAhead int
	Limits              listen.Limits // of its connections
}

const (
	company    = "practice"
	headOffice = "总部 Head office"
)

// ErrOpen says that a server which lets anybody in would be reached from outside.
var ErrOpen = errors.New("a practice server without tokens listens on this computer only: 127.0.0.1 or [::1]")

// Loopback reports whether only this computer reaches an address HOST:PORT.
func Loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	return err == nil && (host == "localhost" || net.ParseIP(host).IsLoopback())
}

// Practice is a running practice server, safe for concurrent use.
type Practice struct {
	SecondBranch *Branch

	anybody bool                        // every token is let in, and none
	offices map[string]access.Principal // by token, for this process alone

	cfg   Config
	store *sqlite.Store
	srv   *server.Server
	watch *vitals.Watch
	http  *http.Server
	certs *certificates
	token string

	mu      sync.Mutex // guards all below
	on      map[string]bool
	turns   map[string]int          // requests by client that met a switch which is for every so many-th
	undo    map[string]func() error // what ends a switch that is on, by its id
	proxyAt *url.URL                // over which the desk goes; nil: as the system says
	paused  time.Time               // when the fault of the maintenance was switched on
	addr    string
	ln      net.Listener
	conns   map[net.Conn]bool
	done    bool
}

// Start makes what is missing in Dir and serves until Close.
func Start(ctx context.Context, cfg Config) (*Practice, error) {
	if cfg.Listen == "" {
		cfg.Listen = "127.0.0.1:0"
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.DB == "" {
		cfg.DB = filepath.Join(cfg.Dir, "server.db")
	}
	open := cfg.Access == nil
	if open {
		if !Loopback(cfg.Listen) {
			return nil, ErrOpen
		}
		cfg.Access = anybody
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, err
	}
	if cfg.Instance == "" {
		cfg.Instance = "node-1"
	}
	p := &Practice{anybody: open, cfg: cfg, on: map[string]bool{}, turns: map[string]int{}, undo: map[string]func() error{}, conns: map[net.Conn]bool{}}
	head, second := newOffice(headOffice), newOffice("城东分店 East branch")
	p.offices = map[string]access.Principal{head.token: head.who, second.token: second.who}
	p.SecondBranch = &Branch{Name: second.who.Branch, now: cfg.Now, office: second, read: map[string]wire.Change{}}
	var err error
	if p.certs, err = loadCertificates(cfg.Dir, cfg.Now()); err != nil {
		return nil, err
	}
	if p.token, err = keepToken(filepath.Join(cfg.Dir, "token")); err != nil {
		return nil, err
	}
	if p.store, err = sqlite.Open(ctx, cfg.DB, newID()); err != nil {
		return nil, err
	}
	for _, more := range []string{"", "-wal", "-shm"} {
		// Its folder is the owner's alone already, but for one of an older version.
		_ = os.Chmod(cfg.DB+more, 0o600)
	}
	taxUp := func() bool { return !p.does(loseTaxService) }
	// A switch counts at once, so a look does not.
	p.watch = vitals.New(vitals.Config{Store: breakable{p.store, p}, Dir: cfg.Dir, TaxUp: taxUp, LoginUp: p.loginUp,
		Free: p.free, Fresh: time.Nanosecond, Patience: 300 * time.Millisecond})
	p.srv = server.New(server.Config{
		Store: p.watch.Store(), Vitals: p.watch.Vitals, Instance: cfg.Instance, Access: p.access, PassLife: cfg.PassLife, Now: p.now, NewID: newID, TaxUp: taxUp,
		Environment: "practice", Company: company, NumberPrefix: "练习", DateBack: cfg.DateBack, DateAhead: cfg.DateAhead, Version: cfg.Version,
	})
	head.srv, second.srv = p.srv, p.srv
	if !cfg.Empty {
		if err := p.seed(ctx, head); err != nil {
			return nil, errors.Join(err, p.store.Close())
		}
	}
	p.http = listen.Server(http.HandlerFunc(p.serve), cfg.Limits)
	p.http.ConnState, p.http.ErrorLog = p.track, silent
	p.http.ConnContext = func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, connKey{}, c) }
	if err := p.listen(ctx); err != nil {
		return nil, errors.Join(err, p.store.Close())
	}
	for _, id := range cfg.Faults {
		if err := p.Set(id, true); err != nil {
			return nil, errors.Join(err, p.Close(ctx))
		}
	}
	// What waited for the tax service when it ended.
	if err := p.srv.IssueWaiting(ctx); err != nil && !errors.Is(err, server.ErrDown) {
		return nil, errors.Join(err, p.Close(ctx))
	}
	return p, nil
}

// Database is the file that holds the server's data.
func (p *Practice) Database() string { return p.cfg.DB }

// anybody lets every token in, and none.
func anybody(string) (access.Principal, error) {
	return access.Principal{Company: company, Branch: headOffice, Whole: true, Roles: access.Roles}, nil
}

// access knows the offices of the practice as well.
func (p *Practice) access(token string) (access.Principal, error) {
	if who, ok := p.offices[token]; ok {
		return who, nil
	}
	return p.cfg.Access(token)
}

// loginUp reports whether what knows the tokens can be asked.
func (p *Practice) loginUp() bool {
	return !p.does(loseLogin) && (p.cfg.LoginUp == nil || p.cfg.LoginUp())
}

// free is the room on the disk; a fault leaves none.
func (p *Practice) free(dir string) (free, total uint64, err error) {
	free, total, err = disk.Free(dir)
	if p.does(fillDisk) {
		free = 0
	}
	return free, total, err
}

// now is the clock of the server; a fault sets it a day ahead.
func (p *Practice) now() time.Time {
	if p.does(shiftClock) {
		return p.cfg.Now().Add(day)
	}
	return p.cfg.Now()
}

// maintenance is the pause that is announced while its fault is on.
func (p *Practice) maintenance() wire.Maintenance {
	p.mu.Lock()
	defer p.mu.Unlock()
	return wire.Maintenance{Until: p.paused.Add(30 * time.Minute).UTC(), Message: "计划维护 planned maintenance"}
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// listen opens the port: the same as before when there was one.
func (p *Practice) listen(ctx context.Context) error {
	var lc net.ListenConfig
	portFile := filepath.Join(p.cfg.Dir, "port")
	addr := p.addr
	if addr == "" {
		addr = p.cfg.Listen
		host, port, err := net.SplitHostPort(addr)
		if err != nil {
			return err
		}
		if old, err := os.ReadFile(portFile); err == nil && port == "0" {
			addr = net.JoinHostPort(host, strings.TrimSpace(string(old)))
		}
	}
	ln, err := lc.Listen(ctx, "tcp", addr)
	if err != nil && p.addr == "" && addr != p.cfg.Listen {
		ln, err = lc.Listen(ctx, "tcp", p.cfg.Listen)
	}
	if err != nil {
		return err
	}
	if p.anybody && !Loopback(ln.Addr().String()) {
		return errors.Join(ErrOpen, ln.Close()) // a name that means another address here
	}
	p.addr, p.ln = ln.Addr().String(), ln
	if _, port, err := net.SplitHostPort(p.addr); err == nil {
		if err := os.WriteFile(portFile, []byte(port+"\n"), 0o600); err != nil {
			return errors.Join(err, ln.Close())
		}
	}
	// Serve ends when the listener is closed.
	go func() { _ = p.http.Serve(&sniffer{listen.Guard(ln, p.cfg.Limits), p}) }()
	return nil
}

func (p *Practice) track(c net.Conn, state http.ConnState) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch state {
	case http.StateNew:
		p.conns[c] = true
	case http.StateClosed, http.StateHijacked:
		delete(p.conns, c)
	}
}

// URL is https://127.0.0.1:port, also while the server is stopped.
func (p *Practice) URL() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	host, port, err := net.SplitHostPort(p.addr)
	if err != nil {
		return "https://" + p.addr
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "localhost"
	}
	return "https://" + net.JoinHostPort(host, port)
}

// CAPEM is the practice CA, PEM.
func (p *Practice) CAPEM() []byte { return p.certs.caPEM }

// Fingerprint is the hex SHA-256 of the CA's DER.
func (p *Practice) Fingerprint() string { return p.certs.fingerprint }

// Token is one that the server accepts.
func (p *Practice) Token() string { return p.token }

// Server is the server inside.
func (p *Practice) Server() *server.Server { return p.srv }

// Close drains for as long as ctx allows, then closes.
func (p *Practice) Close(ctx context.Context) error {
	p.mu.Lock()
	if p.done {
		p.mu.Unlock()
		return nil
	}
	p.done = true
	undo := slices.Collect(maps.Values(p.undo))
	clear(p.undo)
	p.mu.Unlock()
	for _, f := range undo {
		// It ends with this program at the latest.
		_ = f()
	}
	p.srv.Close()
	err := p.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, p.http.Close())
	}
	return errors.Join(err, p.store.Close())
}

func keepToken(file string) (string, error) {
	b, err := os.ReadFile(file)
	if err == nil && len(strings.TrimSpace(string(b))) > 0 {
		return strings.TrimSpace(string(b)), nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	t := uuid.NewString()
	return t, os.WriteFile(file, []byte(t+"\n"), 0o600)
}
