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
const largeBudget = 1800 * time.Millisecond

// segmentSize is what every line passes, in bytes of a TCP segment.
const segmentSize = 1000

// headerPad makes a request large whose answer is small.
const headerPad = "X-Counterfoil-Pad"

// sizes of what is sent back, by the stage that names them: more than two packets, and
// what an invoice with many lines takes.
var sizes = map[string]int{"3k": echoSize, "12k": 12000}

// large sends something to the server and has it sent back, over the program's own
// transport or another one.
func (w *walk) large(ctx context.Context, stage, via string, step time.Duration, quiet func(), over *http.Transport) asked {
	body := make([]byte, sizes[stage])
	_, _ = rand.Read(body) // never fails
	start := time.Now()
	a := w.ask(ctx, request{target: "echo", method: http.MethodPost, path: "/v1/echo", body: body, over: over, via: via, step: step, quiet: quiet})
	if a.Status != 0 && a.Status != http.StatusOK { // a server that has no such thing
		pad := http.Header{headerPad: {base64.RawURLEncoding.EncodeToString(body[:min(len(body), echoSize)])}}
		start = time.Now()
		a = w.ask(ctx, request{target: "echo", path: "/generate_204", header: pad, over: over, via: via, step: step, quiet: quiet})
	}
	if a.Status != 0 && a.Stage != "body" {
		a.Outcome = fault.Yes // whatever it thinks of it: it came through
	}
	a.Observation = fault.Observation{
		Kind: "echo", Target: a.Kind, Via: a.Via, Stage: stage, Outcome: a.Outcome, Code: a.Code, Detail: a.Detail,
		RTT: time.Since(start).Milliseconds(), Bytes: int64(len(a.body)),
	}
	if a.Outcome == fault.Yes {
		a.Code = ""
	}
	return a
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
	beside := w.besides(ctx)
	a := w.large(ctx, "3k", fault.Real, largeBudget, beside.begin, nil)
	beside.end(a.Code == "timeout")
	a.Via = "large" // the way is open; this is about what it carries
	w.set.Add(a.Observation)
	w.set.Add(a.more...)
	if a.Outcome != fault.Yes {
		return said(a.Observation), good(a.Outcome != fault.No)
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
			w.set.Add(w.large(ctx, "3k", "segments", largeBudget, nil, over).Observation)
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
