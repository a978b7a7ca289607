package server

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"counterfoil/sync/wire"
)

// events sends the last seq as a hint after each commit, and a comment each 20 s
// so that a dead line is noticed. Polling stays the truth.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	ch := make(chan int64, 1)
	s.mu.Lock()
	closing := s.closing.Load()
	if !closing {
		s.listeners[ch] = true
	}
	s.mu.Unlock()
	if closing {
		w.Header().Set("Retry-After", "5")
		Refuse(w, http.StatusServiceUnavailable, wire.Problem{Code: "closing", Title: "The server is shutting down"})
		return
	}
	defer func() {
		s.mu.Lock()
		delete(s.listeners, ch)
		s.mu.Unlock()
	}()
	now, err := s.cfg.Store.Head(r.Context())
	if err != nil {
		failed(w, err)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	beat := time.NewTicker(20 * time.Second)
	defer beat.Stop()
	_, err = fmt.Fprintf(w, "event: seq\ndata: %d\n\n", now.Seq)
	for err == nil {
		if err = out.Flush(); err != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case seq, open := <-ch:
			if !open || s.refused(r) {
				return
			}
			_, err = fmt.Fprintf(w, "event: seq\ndata: %d\n\n", seq)
		case <-beat.C:
			if s.refused(r) {
				return
			}
			_, err = fmt.Fprint(w, ": still here\n\n")
		}
	}
}

// refused reports that the token of a stream was taken back or ran out meanwhile.
func (s *Server) refused(r *http.Request) bool {
	_, err := s.admit(r.Context(), bearer(r))
	return err != nil
}

// hint tells the listeners the last seq; a listener that is behind gets only the
// newest. Of two that were committed close together the later may come first.
func (s *Server) hint(seq int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if seq <= s.hinted {
		return
	}
	s.hinted = seq
	for ch := range s.listeners {
		select {
		case <-ch:
		default:
		}
		ch <- seq
	}
}

// hintHead tells them where the store stands.
func (s *Server) hintHead(ctx context.Context) {
	if h, err := s.cfg.Store.Head(ctx); err == nil {
		s.hint(h.Seq)
	}
}

// Close ends all event streams, so that a drain does not wait for them; from then
// on the server is not ready.
func (s *Server) Close() {
	s.closing.Store(true)
	s.mu.Lock()
	defer s.mu.Unlock()
	for ch := range s.listeners {
		delete(s.listeners, ch)
		close(ch)
	}
}
