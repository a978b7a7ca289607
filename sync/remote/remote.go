// Package remote is the HTTP client of the sync protocol, over resty.
//
// It refuses to retry (the engine owns that), to follow redirects, to speak
// anything but https, and to take an answer that does not name the product or is
// not of the promised type.
package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/go-resty/resty/v2"

	"counterfoil/sync/wire"
)

// MaxAnswer caps the decompressed size of an answer, in bytes.
const MaxAnswer = 8 << 20

// Config of a Client. All fields but Session are needed.
type Config struct {
	BaseURL   string // https://host[:port][/path]
	Token     func() string
	Transport http.RoundTripper
	Device    func() string
	Version   string
	Now       func() time.Time
	Session   *Session // shared by clients of the same server; nil: one of its own
}

// Client is safe for concurrent use.
type Client struct {
	cfg  Config
	http *resty.Client

	session *Session
}

// Error is an answer that is not the one asked for.
type Error struct {
	Op     string // "push", "pull", "health", "token", "events"
	Status int    // 0 when there was no answer
	// Problem is what the server says of it; empty unless the answer is a problem
	// document of this product.
	Problem    wire.Problem
	RetryAfter time.Duration // 0 when the server did not say
	HTML       bool
	NotOurs    bool // the answer does not come from this product
	Err        error
}

func (e *Error) Error() string {
	switch {
	case e.Err != nil:
		return e.Op + ": " + e.Err.Error()
	case e.NotOurs:
		return fmt.Sprintf("%s: status %d from something that is not the invoice server", e.Op, e.Status)
	case e.Problem.Title != "":
		return fmt.Sprintf("%s: status %d: %s", e.Op, e.Status, e.Problem.Title)
	}
	return fmt.Sprintf("%s: status %d", e.Op, e.Status)
}

func (e *Error) Unwrap() error { return e.Err }

// Why nothing was sent, or an answer not taken.
var (
	ErrRedirect = errors.New("the server redirects to another address")
	ErrPlain    = errors.New("only https is spoken")
	ErrType     = errors.New("the answer is not JSON")
)

// New makes a client; it sends nothing. An address without https gives ErrPlain.
func New(cfg Config) (*Client, error) {
	base, err := url.Parse(cfg.BaseURL)
	if err != nil {
		return nil, err
	}
	if base.Scheme != "https" {
		return nil, ErrPlain
	}
	r := resty.NewWithClient(&http.Client{Transport: cfg.Transport})
	r.SetBaseURL(cfg.BaseURL).
		SetTimeout(60*time.Second).
		SetResponseBodyLimit(MaxAnswer).
		SetHeader(wire.HeaderClient, fmt.Sprintf("%s/%s; protocol=%d-%d", wire.Product, cfg.Version, wire.ProtocolMin, wire.ProtocolMax)).
		SetHeader("User-Agent", wire.Agent(cfg.Version)).
		SetHeader("Accept", "application/json, application/problem+json").
		SetLogger(silent{}).
		// The protocol has none, and whoever sends one wants the token elsewhere.
		SetRedirectPolicy(resty.RedirectPolicyFunc(func(*http.Request, []*http.Request) error { return ErrRedirect }))
	if cfg.Session == nil {
		cfg.Session = &Session{}
	}
	return &Client{cfg: cfg, http: r, session: cfg.Session}, nil
}

type silent struct{}

func (silent) Errorf(string, ...any) {}
func (silent) Warnf(string, ...any)  {}
func (silent) Debugf(string, ...any) {}

// Health asks how the server is; no token is sent.
func (c *Client) Health(ctx context.Context) (wire.Health, error) {
	var out wire.Health
	err := c.do("health", c.http.R().SetContext(ctx), http.MethodGet, "/healthz", &out)
	if err == nil && out.Product == wire.Product {
		c.session.Gives(time.Duration(out.PassLife * float64(time.Second)))
	}
	return out, err
}

// Push sends operations, compressed.
func (c *Client) Push(ctx context.Context, req wire.PushRequest) (wire.PushAnswer, error) {
	var out wire.PushAnswer
	var body bytes.Buffer
	if err := wire.Gzip(&body, func(w io.Writer) error { return wire.MarshalWrite(w, req) }); err != nil {
		return out, &Error{Op: "push", Err: err}
	}
	err := c.signed(ctx, "push", http.MethodPost, "/v1/push", func(r *resty.Request) {
		// The request's own device: a cloned folder is given another one meanwhile.
		r.SetHeader(wire.HeaderDevice, req.Device).
			SetHeader("Content-Type", "application/json").
			SetHeader("Content-Encoding", "gzip").
			SetBody(body.Bytes())
	}, &out)
	if err == nil && len(out.Answers) != len(req.Operations) {
		err = &Error{Op: "push", Status: http.StatusOK, Err: fmt.Errorf("%d answers for %d operations", len(out.Answers), len(req.Operations))}
	}
	return out, err
}

// Pull reads changes after the cursor.
func (c *Client) Pull(ctx context.Context, q wire.PullQuery) (wire.PullAnswer, error) {
	var out wire.PullAnswer
	return out, c.signed(ctx, "pull", http.MethodGet, "/v1/pull", func(r *resty.Request) {
		r.SetQueryParam("cursor", q.Cursor).SetQueryParam("limit", strconv.Itoa(q.Limit))
		if q.Without != "" {
			r.SetQueryParam("without", q.Without)
		}
		if q.Mark != "" {
			r.SetQueryParam("mark", q.Mark)
		}
	}, &out)
}

// do sends and decodes. The transport decompresses; a cut body is an error.
func (c *Client) do(op string, r *resty.Request, method, path string, out any) error {
	resp, err := r.SetDoNotParseResponse(true).Execute(method, path)
	if resp == nil || resp.RawResponse == nil {
		if err == nil {
			err = errors.New("no answer")
		}
		return &Error{Op: op, Err: err}
	}
	raw := resp.RawResponse
	defer raw.Body.Close()
	if err != nil {
		return &Error{Op: op, Status: raw.StatusCode, Err: err}
	}
	body, err := io.ReadAll(io.LimitReader(raw.Body, MaxAnswer+1))
	if err != nil {
		return &Error{Op: op, Status: raw.StatusCode, Err: err}
	}
	if len(body) > MaxAnswer {
		return &Error{Op: op, Status: raw.StatusCode, Err: errors.New("the answer is too large")}
	}
	kind, _, _ := mime.ParseMediaType(raw.Header.Get("Content-Type"))
	e := &Error{
		Op: op, Status: raw.StatusCode, RetryAfter: retryAfter(raw.Header.Get("Retry-After"), c.cfg.Now()),
		HTML:    kind == "text/html" || bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")),
		NotOurs: raw.Header.Get(wire.HeaderProduct) != wire.Product,
	}
	switch {
	case e.HTML || e.NotOurs:
		return e
	case raw.StatusCode != http.StatusOK:
		if kind == "application/problem+json" {
			// A body that is no problem document says nothing more than the status.
			_ = wire.Unmarshal(body, &e.Problem)
		}
		return e
	case kind != "application/json":
		e.Err = fmt.Errorf("%w but %q", ErrType, kind)
		return e
	}
	if err := wire.Unmarshal(body, out); err != nil {
		e.Err = err
		return e
	}
	return nil
}

// retryAfter reads seconds or a date; 0 when absent, malformed or past.
func retryAfter(s string, now time.Time) time.Duration {
	if s == "" {
		return 0
	}
	if n, err := strconv.Atoi(s); err == nil {
		return time.Duration(max(n, 0)) * time.Second
	}
	if t, err := http.ParseTime(s); err == nil {
		return max(t.Sub(now), 0)
	}
	return 0
}
