package server_test

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"counterfoil/sync/wire"
)

// flood pushes n submitted invoices in batches, as many clients at a time, and
// gives the answers. Every batch is sent twice at once: duplicates in flight.
func flood(r *rig, clients, batches, size int) <-chan []wire.Answer {
	out := make(chan []wire.Answer, clients*batches)
	var all sync.WaitGroup
	for range clients {
		work := make([][]wire.Operation, batches)
		for b := range work {
			for range size {
				work[b] = append(work[b], r.op("transition", 0, waiting()))
			}
		}
		all.Go(func() {
			for _, ops := range work {
				var twice sync.WaitGroup
				got := make([][]json.RawMessage, 2)
				for i := range got {
					twice.Go(func() {
						var err error
						if got[i], err = r.rawPush(ops...); err != nil {
							r.t.Error(err)
						}
					})
				}
				twice.Wait()
				if fmt.Sprintf("%s", got[0]) != fmt.Sprintf("%s", got[1]) {
					r.t.Errorf("two answers to one batch: %s and %s", got[0], got[1])
				}
				answers := make([]wire.Answer, len(got[0]))
				for i := range got[0] {
					if err := json.Unmarshal(got[0][i], &answers[i]); err != nil {
						r.t.Error(err)
					}
				}
				out <- answers
			}
		})
	}
	go func() { all.Wait(); close(out) }()
	return out
}

func TestNumbersOfTwoClients(t *testing.T) {
	r := start(t, nil)
	const clients, batches, size = 2, 15, 4
	seen, last := map[string]bool{}, int64(0)
	for answers := range flood(r, clients, batches, size) {
		for _, a := range answers {
			if a.Result != wire.Applied || a.State != "issued" || seen[a.Number] {
				t.Errorf("%+v", a)
			}
			seen[a.Number] = true
			last = max(last, a.Seq)
		}
	}
	for i := 1; i <= clients*batches*size; i++ {
		if !seen[fmt.Sprintf("%08d", i)] {
			t.Errorf("number %d is missing", i)
		}
	}
	if len(seen) != clients*batches*size || last != int64(len(seen)) {
		t.Errorf("%d numbers, last seq %d", len(seen), last)
	}
}

// Readers that follow the cursor while others push meet every change once, in order.
func TestCursorNeverSkips(t *testing.T) {
	r := start(t, nil)
	const clients, batches, size, readers = 2, 12, 4, 2
	done := make(chan struct{})
	var reading sync.WaitGroup
	for n := range readers {
		reading.Go(func() {
			cursor, want := "", int64(1)
			seen := map[string]bool{}
			deadline := time.Now().Add(60 * time.Second)
			for quiet := false; time.Now().Before(deadline); {
				p, err := r.page(cursor, 3+n)
				if err != nil {
					t.Error(err)
					return
				}
				for _, c := range p.Changes {
					// Each invoice is written once, so every seq is there for good.
					if c.Seq != want || seen[c.DocumentID] {
						t.Errorf("reader %d: seq %d of %s, want %d", n, c.Seq, c.DocumentID, want)
						return
					}
					want++
					seen[c.DocumentID] = true
				}
				cursor = p.Cursor
				if len(p.Changes) > 0 {
					continue
				}
				if quiet {
					if len(seen) != clients*batches*size {
						t.Errorf("reader %d: %d changes of %d", n, len(seen), clients*batches*size)
					}
					return
				}
				select {
				case <-done:
					quiet = true
				default:
				}
			}
			t.Errorf("reader %d did not come to the end", n)
		})
	}
	for range flood(r, clients, batches, size) {
	}
	close(done)
	reading.Wait()
}
