package remote

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"counterfoil/sync/wire"
)

// silence is how long a stream of events may say nothing: two of the server's
// signs of life, which come each 20 s, and a bad line.
const silence = 50 * time.Second

// maxLine is the longest line of a stream, in bytes.
const maxLine = 4 << 10

// ErrSilent says that a stream of events said nothing for too long.
var ErrSilent = errors.New("the stream of events is silent")

// Events opens the stream of hints and tells hint each seq that the server names,
// the one where it stands first. It returns when the stream ends: ErrSilent, the
// error of ctx, or an *Error.
func (c *Client) Events(ctx context.Context, hint func(seq int64)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watchdog := time.AfterFunc(silence, func() { cancel(ErrSilent) })
	defer watchdog.Stop()
	err := c.stream(ctx, func(line string) {
		watchdog.Reset(silence)
		if data, ok := strings.CutPrefix(line, "data:"); ok {
			if seq, err := strconv.ParseInt(strings.TrimSpace(data), 10, 64); err == nil && seq >= 0 {
				hint(seq)
			}
		}
	})
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// stream reads the lines of the stream until it ends.
func (c *Client) stream(ctx context.Context, line func(string)) error {
	bearer, err := c.bearer(ctx)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(c.cfg.BaseURL, "/")+"/v1/events", nil)
	if err != nil {
		return &Error{Op: "events", Err: err}
	}
	req.Header.Set(wire.HeaderClient, fmt.Sprintf("%s/%s; protocol=%d-%d", wire.Product, c.cfg.Version, wire.ProtocolMin, wire.ProtocolMax))
	req.Header.Set(wire.HeaderDevice, c.cfg.Device())
	req.Header.Set("Accept", "text/event-stream")
	req.Header.Set("User-Agent", wire.Agent(c.cfg.Version))
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	// A client of its own: the others end after a minute.
	client := &http.Client{Transport: c.cfg.Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return ErrRedirect }}
	resp, err := client.Do(req)
	if err != nil {
		return &Error{Op: "events", Err: err}
	}
	defer resp.Body.Close()
	if kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); resp.StatusCode != http.StatusOK || kind != "text/event-stream" || resp.Header.Get(wire.HeaderProduct) != wire.Product {
		e := &Error{Op: "events", Status: resp.StatusCode, RetryAfter: retryAfter(resp.Header.Get("Retry-After"), c.cfg.Now()), NotOurs: resp.Header.Get(wire.HeaderProduct) != wire.Product}
		if body, err := io.ReadAll(io.LimitReader(resp.Body, maxLine)); err == nil && kind == "application/problem+json" && !e.NotOurs {
			// A body that is no problem document says nothing more than the status.
			_ = wire.Unmarshal(body, &e.Problem)
		}
		return e
	}
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(make([]byte, 0, 256), maxLine)
	for lines.Scan() {
		line(lines.Text())
	}
	if err = lines.Err(); err == nil {
		err = io.ErrUnexpectedEOF // the server never ends it by itself while it runs
	}
	return &Error{Op: "events", Status: resp.StatusCode, Err: err}
}
