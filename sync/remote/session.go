package remote

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/go-resty/resty/v2"

	"counterfoil/sync/wire"
)

// A Session is what clients of one server show with their requests: the token, or a pass
// that it was changed for. The pass is kept in memory alone, and one client at a time asks
// for a new one while the others wait for it. It is safe for concurrent use; the zero
// value has none.
type Session struct {
	mu   sync.Mutex
	used bool // the server gives passes
	pass string
	ends time.Time     // by our own clock, some time before the server's end
	last time.Time     // when it was given
	good bool          // it was taken since
	busy chan struct{} // closed when the one who asks is done; nil: nobody does
}

// calm is how long after a pass was given that was never taken no other is asked for: a
// server that takes none would be asked for ever.
const calm = 5 * time.Second

// Gives notes how long the server's passes count; 0: it takes the token itself.
func (s *Session) Gives(life time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used = life > 0
}

// show is what to send now; ok is false where a pass has to be asked for first.
func (s *Session) show(token string, now time.Time) (bearer string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !s.used || token == "":
		return token, true
	case s.pass != "" && now.Before(s.ends):
		return s.pass, true
	}
	return "", false
}

// begin returns true for the one who is to ask; the others get a channel to wait on. Both
// are zero where nobody may ask so soon.
func (s *Session) begin(refused string, now time.Time) (mine bool, wait <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.busy != nil:
		return false, s.busy
	case s.pass != "" && s.pass != refused && now.Before(s.ends):
		done := make(chan struct{})
		close(done) // somebody got one meanwhile
		return false, done
	case s.pass != "" && !s.good && now.Sub(s.last) < calm && !now.Before(s.last):
		return false, nil
	}
	s.busy = make(chan struct{})
	return true, nil
}

// end notes what came of asking.
func (s *Session) end(p wire.Pass, err error, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		life := time.Duration(p.ExpiresIn * float64(time.Second))
		s.used, s.pass, s.ends, s.last, s.good = true, p.Token, now.Add(life-life/10), now, false
	}
	close(s.busy)
	s.busy = nil
}

// taken notes that what was shown was taken.
func (s *Session) taken(bearer string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.good = s.good || bearer == s.pass
}

// errTooSoon says that what was just given is refused already.
var errTooSoon = errors.New("the server takes none of the passes that it gives")

// renew gets a pass in place of what was refused; "" is nothing. *Error, or ctx's.
func (c *Client) renew(ctx context.Context, refused string) error {
	mine, wait := c.session.begin(refused, c.cfg.Now())
	switch {
	case mine:
	case wait == nil:
		return errTooSoon
	default:
		select {
		case <-wait:
			return nil // the next request shows what came of it
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	var p wire.Pass
	// Once begun it is finished: the others wait for it.
	own, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	err := c.do("token", c.named(own, c.cfg.Token()), http.MethodPost, "/v1/token", &p)
	if err == nil && p.Token == "" {
		err = &Error{Op: "token", Status: http.StatusOK, Err: errors.New("an answer without a pass")}
	}
	c.session.end(p, err, c.cfg.Now())
	return err
}

// bearer is what to show with the next request.
func (c *Client) bearer(ctx context.Context) (string, error) {
	b, ok := c.session.show(c.cfg.Token(), c.cfg.Now())
	if ok {
		return b, nil
	}
	if err := c.renew(ctx, ""); err != nil {
		return "", err
	}
	if b, ok = c.session.show(c.cfg.Token(), c.cfg.Now()); !ok {
		return "", &Error{Op: "token", Err: errors.New("no pass could be had")}
	}
	return b, nil
}

// signed sends what prepare makes of a request; where a pass has run out, once more with a
// new one.
func (c *Client) signed(ctx context.Context, op, method, path string, prepare func(*resty.Request), out any) error {
	b, err := c.bearer(ctx)
	if err != nil {
		return err
	}
	send := func(b string) error {
		r := c.named(ctx, b)
		prepare(r)
		err := c.do(op, r, method, path, out)
		if err == nil {
			c.session.taken(b)
		}
		return err
	}
	if err = send(b); !ranOut(err) || b == "" {
		return err
	}
	// Where no pass can be had, what the server said first counts: it may take tokens and
	// mean what it says.
	if again := c.renew(ctx, b); again != nil {
		var e *Error
		if errors.As(again, &e) && e.Status != http.StatusNotFound && e.Status != http.StatusMethodNotAllowed {
			return again
		}
		return err
	}
	if b, err = c.bearer(ctx); err != nil {
		return err
	}
	return send(b)
}

// ranOut reports whether an error says that what was shown counts no more.
func ranOut(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Status == http.StatusUnauthorized && e.Problem.Code == "token_expired"
}

// named is a request of this desk with a bearer; "" is none.
func (c *Client) named(ctx context.Context, bearer string) *resty.Request {
	r := c.http.R().SetContext(ctx).SetHeader(wire.HeaderDevice, c.cfg.Device())
	if bearer != "" {
		r.SetAuthToken(bearer)
	}
	return r
}
