package probe

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/wire"
)

var serverObservers = []observer{
	{"server", fault.Text{ZH: "发票服务器", EN: "Invoice server"}, fault.Server, []string{"route", "keyring"}, false, (*walk).server},
	{"signin", fault.Text{ZH: "登录", EN: "Sign-in"}, fault.Server, []string{"server"}, false, (*walk).signIn},
}

// ask sends a request over the real path, whose transport verifies the server.
func (w *walk) ask(ctx context.Context, path, token string) (fault.Observation, []byte) {
	c := &http.Client{Transport: w.real, Timeout: 6 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	start := time.Now()
	var ready atomic.Int64 // how long a connection took: the answer's time is without it
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { ready.Store(int64(time.Since(start))) }}
	req, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, trace), http.MethodGet, strings.TrimRight(w.base.String(), "/")+path, nil)
	if err != nil {
		return fault.OfError(err), nil
	}
	req.Header.Set(wire.HeaderClient, fmt.Sprintf("%s/selfcheck; protocol=%d-%d", wire.Product, w.ProtocolMin, w.ProtocolMax))
	req.Header.Set(wire.HeaderDevice, w.Device)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	var o fault.Observation
	var body []byte
	resp, err := c.Do(req)
	took := time.Since(start) - time.Duration(ready.Load())
	if err == nil {
		defer resp.Body.Close()
		body, err = io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	}
	if err != nil {
		o = fault.OfError(err)
		if resp != nil && o.Kind == "http" {
			o.Stage = "body"
		}
	} else {
		o = fault.OfResponse(fault.Answer{Status: resp.StatusCode, Header: resp.Header, Body: body})
		o.RTT, o.Values["seconds"] = took.Milliseconds(), fmt.Sprintf("%.1f", took.Seconds())
	}
	o.Via = fault.Real
	return o, body
}

// server reads the health answer.
func (w *walk) server(ctx context.Context) (string, State) {
	if w.open == "" || w.real == nil {
		return inTheWay, Skipped
	}
	o, body := w.ask(ctx, "/healthz", "")
	if o.Kind == "http" {
		o.Target = "health"
	}
	w.set.Add(o)
	switch {
	case o.Outcome == fault.Unmeasured:
		return o.Detail, Skipped
	case o.Outcome == fault.No && o.Kind != "http":
		return inTheWay, Skipped
	case o.Outcome == fault.No:
		return said(o), Bad
	}
	var h wire.Health
	if err := wire.Unmarshal(body, &h); err != nil || h.Product != wire.Product {
		product := h.Product
		if product == "" {
			product = o.Values["product"]
		}
		w.set.Add(fault.Observation{Kind: "health", Stage: "product", Via: fault.Real, Outcome: fault.No, Values: map[string]string{"product": product}})
		return "not the invoice server: " + product, Bad
	}
	seen := w.ofHealth(ctx, h)
	w.set.Add(seen...)
	w.ours = true
	for _, s := range seen {
		if s.Outcome == fault.No {
			return s.Detail, Bad
		}
	}
	return fmt.Sprintf("%s %s, %d ms", h.Product, h.Version, o.RTT), Good
}

// ofHealth is what a server says of itself.
func (w *walk) ofHealth(ctx context.Context, h wire.Health) []fault.Observation {
	var out []fault.Observation
	add := func(stage string, good bool, code, detail string) *fault.Observation {
		o := fault.Observation{Kind: "health", Stage: stage, Via: fault.Real, Outcome: yes(good)}
		if !good {
			o.Code, o.Detail = code, detail
		}
		out = append(out, o)
		return &out[len(out)-1]
	}
	add("product", true, "", "")
	add("identity", w.Other == nil || !w.Other(ctx, h), "", "another server than that of this data folder")
	o := add("maintenance", h.Maintenance == nil, "", "maintenance")
	if h.Maintenance != nil {
		o.Values = map[string]string{"until": h.Maintenance.Until.Local().Format("15:04")}
	}
	protocol := ""
	switch {
	case h.ProtocolMax < w.ProtocolMin:
		protocol = "server_old"
	case h.ProtocolMin > w.ProtocolMax:
		protocol = "client_old"
	}
	add("protocol", protocol == "", protocol, fmt.Sprintf("protocol %d-%d", h.ProtocolMin, h.ProtocolMax))
	add("db", h.Deps["db"] != "down", "", "database down")
	add("tax", h.Deps["tax"] != "down", "", "tax platform down")
	return out
}

// signIn asks a question that needs the token; only our own server is shown it.
func (w *walk) signIn(ctx context.Context) (string, State) {
	if !w.ours || w.set.Saw(fault.Pattern{Kind: "health", Stage: "!tax", Outcome: string(fault.No)}) {
		return inTheWay, Skipped
	}
	token := ""
	if w.Token != nil {
		t, err := w.Token(ctx)
		if err != nil {
			w.set.Add(fault.Observation{Kind: "http", Target: "signin", Via: fault.Real, Outcome: fault.Unmeasured, Detail: err.Error()})
			return "the token cannot be read: " + err.Error(), Good
		}
		token = t
	}
	o, _ := w.ask(ctx, "/v1/whoami", token)
	if o.Kind == "http" {
		o.Target = "signin"
	}
	if o.Product == "" && o.Status != 0 {
		o.Product = wire.Product // it named itself before
	}
	if o.Outcome == fault.Yes && o.Status != http.StatusOK {
		o.Outcome = fault.No
	}
	w.set.Add(o)
	if o.Outcome == fault.Yes {
		return "ok", Good
	}
	return said(o), good(o.Outcome != fault.No)
}

// said is an answer in words.
func said(o fault.Observation) string {
	if o.Detail != "" {
		return o.Detail
	}
	return fmt.Sprintf("status %d", o.Status)
}
