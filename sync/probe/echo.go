package probe

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"sync"
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/route"
)

// largeBudget is what each step of a large message may take.
const largeBudget = 1700 * time.Millisecond

// besideAfter is how long nothing comes before something else is tried beside.
const besideAfter = 900 * time.Millisecond

// segmentSize is what every line passes, in bytes of a TCP segment.
const segmentSize = 1000

// headerPad makes a request large whose answer is small.
const headerPad = "X-Counterfoil-Pad"

// large sends something to the server and has it sent back, over the program's own
// transport or another one.
func (w *walk) large(ctx context.Context, via string, quiet func(), over *http.Transport) asked {
	body := make([]byte, echoSize)
	_, _ = rand.Read(body) // never fails
	q := request{target: "echo", via: via, over: over, quiet: quiet, step: largeBudget}
	post := func() asked {
		p := q
		p.method, p.path, p.body = http.MethodPost, "/v1/echo", body
		return w.ask(ctx, p)
	}
	start := time.Now()
	a := post()
	var more []fault.Observation
	if over == nil && a.Status >= 500 {
		a = w.anotherNode(ctx, a, post)
		more = a.more
	}
	if a.Status != 0 && a.Status != http.StatusOK { // a server that has no such thing
		if over == nil && refusesAll(a.Status) {
			refused := a.Observation
			refused.Via, refused.Outcome = fault.Real, fault.No
			more = append(more, refused)
		}
		start = time.Now()
		q.path, q.header = "/generate_204", http.Header{headerPad: {base64.RawURLEncoding.EncodeToString(body)}}
		a = w.ask(ctx, q)
	}
	if a.Status != 0 && a.Stage != "body" {
		a.Outcome, a.Code = fault.Yes, "" // whatever it thinks of it: it came through
	}
	a.Observation = fault.Observation{
		Kind: "echo", Target: a.Kind, Via: a.Via, Stage: "3k", Outcome: a.Outcome, Code: a.Code, Detail: a.Detail,
		RTT: time.Since(start).Milliseconds(), Bytes: int64(len(a.body)),
	}
	a.more = append(a.more, more...)
	return a
}

// refusesAll reports whether a status says that nothing of this size is taken, or nothing
// that is sent; others may be about this one path.
func refusesAll(status int) bool {
	return status >= 500 || status == http.StatusRequestTimeout || status == http.StatusRequestEntityTooLarge
}

// echoes looks whether large messages pass as well as small ones: there are lines on
// which they do not, and all that is small looks well.
func (w *walk) echoes(ctx context.Context) (string, State) {
	if !w.ours {
		return inTheWay, Skipped
	}
	if w.health.trace.waited() > 2*slowThink {
		return "not asked: the server is slow", Skipped
	}
	w.free.enter(ctx)
	beside := w.besides(ctx)
	a := w.large(ctx, "large", beside.begin, nil)
	beside.end(a.Code == "timeout")
	w.set.Add(a.Observation)
	w.set.Add(a.more...)
	for _, o := range a.more {
		if o.Via == fault.Real && o.Kind == "http" {
			return words(o), Bad
		}
	}
	if a.Outcome != fault.Yes {
		return words(a.Observation), good(a.Outcome != fault.No)
	}
	w.echoed = time.Duration(a.RTT) * time.Millisecond
	return fmt.Sprintf("%d bytes and back, %d ms", echoSize, a.RTT), Good
}

// A side is what is tried beside a request that is not answered.
type side struct {
	once   sync.Once
	cancel context.CancelFunc
	begin  func()
}

// besides is whether large messages pass in small segments; it is tried once begin is called.
func (w *walk) besides(ctx context.Context) *side {
	ctx, cancel := context.WithCancel(ctx)
	s := &side{cancel: cancel}
	s.begin = func() {
		s.once.Do(func() {
			over := w.varied(route.Route{SegmentSize: segmentSize, Classic: true})
			if over == nil {
				return
			}
			defer over.CloseIdleConnections()
			w.set.Add(w.large(ctx, "segments", nil, over).Observation)
		})
	}
	return s
}

// end waits for what was begun where that is needed, and gives it up where it is not.
func (s *side) end(needed bool) {
	defer s.cancel()
	if !needed {
		s.cancel()
	}
	s.once.Do(func() {}) // waits for what was begun
}
