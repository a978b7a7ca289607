package probe

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/wire"
)

var pageTitle = regexp.MustCompile(`(?is)<title[^>]*>(.{0,200}?)</title>`)

// ask sends a request over a verified connection only. When the clock is wrong
// it is refused: the certificate cannot be judged.
func (l *Ladder) ask(ctx context.Context, path, token string) (*http.Response, []byte, time.Duration, error) {
	pool := x509.NewCertPool()
	for _, c := range l.roots {
		pool.AddCert(c)
	}
	tr := &http.Transport{
		DialContext:     func(ctx context.Context, _, _ string) (net.Conn, error) { return l.tunnel(ctx) },
		TLSClientConfig: wire.TLS(), MaxResponseHeaderBytes: 64 << 10,
	}
	tr.TLSClientConfig.ServerName, tr.TLSClientConfig.RootCAs, tr.TLSClientConfig.Time = l.host, pool, l.cfg.Now
	defer tr.CloseIdleConnections()
	c := &http.Client{Transport: tr, Timeout: 6 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(l.serverURL.String(), "/")+path, nil)
	if err != nil {
		return nil, nil, 0, err
	}
	req.Header.Set(wire.HeaderClient, fmt.Sprintf("%s/selfcheck; protocol=%d-%d", wire.Product, l.cfg.ProtocolMin, l.cfg.ProtocolMax))
	req.Header.Set(wire.HeaderDevice, l.cfg.Device)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	start := time.Now()
	resp, err := c.Do(req)
	if err != nil {
		return nil, nil, 0, err
	}
	took := time.Since(start)
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	return resp, body, took, err
}

// server reads the health answer.
func (l *Ladder) server(ctx context.Context) (string, bool) {
	if l.clockWrong() {
		l.stop = true
		return "not asked while the clock is wrong", false
	}
	resp, body, took, err := l.ask(ctx, "/healthz", "")
	if err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			l.hard("H24", fault.Proven, nil)
		} else {
			l.hard(fault.Unknown, fault.Likely, nil)
		}
		return err.Error(), false
	}
	if id, values := l.status(resp, body); id != "" {
		l.hard(id, fault.Proven, values)
		return fmt.Sprintf("status %d", resp.StatusCode), false
	}
	var h wire.Health
	if err := wire.Unmarshal(body, &h); err != nil || h.Product != wire.Product {
		product := h.Product
		if product == "" {
			product = resp.Header.Get("Server")
		}
		l.hard("H15", fault.Proven, map[string]string{"product": product})
		return "not the invoice server: " + product, false
	}
	l.ours = true
	switch {
	case l.cfg.Other != nil && l.cfg.Other(ctx, h):
		l.hard("K20", fault.Proven, nil)
		return "another server than that of this data folder", false
	case h.Maintenance != nil:
		l.hard("H21", fault.Proven, map[string]string{"until": h.Maintenance.Until.Local().Format("15:04")})
		return "maintenance", false
	case h.ProtocolMax < l.cfg.ProtocolMin:
		l.hard("H14", fault.Proven, nil)
		return fmt.Sprintf("protocol %d-%d", h.ProtocolMin, h.ProtocolMax), false
	case h.ProtocolMin > l.cfg.ProtocolMax:
		l.hard("H10", fault.Proven, nil)
		return fmt.Sprintf("protocol %d-%d", h.ProtocolMin, h.ProtocolMax), false
	case h.Deps["db"] == "down":
		l.hard("B01", fault.Proven, nil)
		return "database down", false
	case h.Deps["tax"] == "down":
		l.found("B04", fault.Proven, nil)
		return "tax platform down", false
	case took > 1500*time.Millisecond:
		l.found("P01", fault.Likely, map[string]string{"seconds": fmt.Sprintf("%.1f", took.Seconds())})
		return took.Round(time.Millisecond).String(), false
	}
	return fmt.Sprintf("%s %s, %s", h.Product, h.Version, took.Round(time.Millisecond)), true
}

// signIn asks a question that needs the token.
func (l *Ladder) signIn(ctx context.Context) (string, bool) {
	token := ""
	if l.cfg.Token != nil {
		t, err := l.cfg.Token(ctx)
		if err != nil {
			return "the token cannot be read: " + err.Error(), true
		}
		token = t
	}
	resp, body, _, err := l.ask(ctx, "/v1/whoami", token)
	if err != nil {
		l.hard(fault.Unknown, fault.Likely, nil)
		return err.Error(), false
	}
	if id, values := l.status(resp, body); id != "" {
		l.hard(id, fault.Proven, values)
		return fmt.Sprintf("status %d", resp.StatusCode), false
	}
	return "ok", true
}

// status names the fault of an HTTP answer; "" for a good one.
func (l *Ladder) status(resp *http.Response, body []byte) (fault.ID, map[string]string) {
	html := strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") || bytes.HasPrefix(bytes.TrimSpace(body), []byte("<"))
	ours := l.ours || resp.Header.Get(wire.HeaderProduct) == wire.Product
	var p wire.Problem
	_ = wire.Unmarshal(body, &p) // a body that is no problem document says nothing more
	values := map[string]string{"request": resp.Header.Get(wire.HeaderRequest)}
	switch {
	case resp.StatusCode == http.StatusServiceUnavailable && p.Maintenance != nil:
		values["until"] = p.Maintenance.Until.Local().Format("15:04")
		return "H21", values
	case resp.StatusCode == http.StatusTooManyRequests:
		values["wait"] = resp.Header.Get("Retry-After")
		if _, err := strconv.Atoi(values["wait"]); err != nil {
			values["wait"] = "60"
		}
		return "H11", values
	case resp.StatusCode == http.StatusBadGateway:
		return "H18", values
	case resp.StatusCode == http.StatusGatewayTimeout:
		return "H20", values
	case resp.StatusCode == http.StatusServiceUnavailable:
		return "H19", values
	case html && resp.StatusCode < 500:
		if m := pageTitle.FindSubmatch(body); m != nil {
			values["title"] = strings.TrimSpace(string(m[1]))
		}
		return "H16", values
	case resp.StatusCode >= 500:
		return "H17", values
	case resp.StatusCode == http.StatusUpgradeRequired:
		return "H10", values
	case !ours:
		values["product"] = resp.Header.Get("Server")
		return "H15", values
	case resp.StatusCode == http.StatusUnauthorized:
		return "H01", values
	case resp.StatusCode == http.StatusForbidden:
		return "H02", values
	case resp.StatusCode != http.StatusOK:
		return fault.Unknown, values
	}
	return "", nil
}
