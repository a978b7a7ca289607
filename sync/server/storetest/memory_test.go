package storetest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"counterfoil/sync/server"
)

// The suite asks for nothing that only one storage has: the smallest that keeps the
// contract, maps behind a lock, passes it.
func TestMemory(t *testing.T) {
	Run(t, func(*testing.T) func() (server.Store, error) {
		place := &state{
			epoch: "e", docs: map[server.Key]server.Document{}, answers: map[string]answer{}, devices: map[string]string{},
			numbers: map[server.Series]int64{}, chain: map[int64][]byte{},
		}
		return func() (server.Store, error) { return &memory{place: place}, nil }
	})
}

var errClosed = errors.New("the storage is closed")

type answer struct {
	hash  string
	bytes []byte
	at    time.Time
}

// state is all data; a transaction works on a copy.
type state struct {
	company, epoch string
	seq            int64
	hash           []byte
	docs           map[server.Key]server.Document
	answers        map[string]answer
	devices        map[string]string
	numbers        map[server.Series]int64
	chain          map[int64][]byte
}

func (s *state) clone() *state {
	c := *s
	c.docs, c.answers, c.devices, c.numbers, c.chain = maps.Clone(s.docs), maps.Clone(s.answers), maps.Clone(s.devices), maps.Clone(s.numbers), maps.Clone(s.chain)
	return &c
}

type memory struct {
	mu     sync.Mutex // guards all below
	place  *state
	closed bool
}

func (m *memory) Update(ctx context.Context, fn func(server.Tx) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := cmp.Or(ctx.Err(), m.open()); err != nil {
		return err
	}
	next := m.place.clone()
	if err := fn(next); err != nil {
		return err
	}
	*m.place = *next
	return nil
}

func (m *memory) open() error {
	if m.closed {
		return errClosed
	}
	return nil
}

// read hands fn what is there.
func (m *memory) read(fn func(*state)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.open(); err != nil {
		return err
	}
	fn(m.place.clone())
	return nil
}

func (m *memory) Page(_ context.Context, q server.PageQuery) (p server.Page, err error) {
	err = m.read(func(s *state) {
		p.Head, _ = s.Head()
		size := 0
		for _, d := range s.sorted(func(d server.Document) bool {
			return d.Seq > q.After && (q.Branch == "" || d.Branch == "" || d.Branch == q.Branch)
		}) {
			if q.Without != "" && d.Device == q.Without {
				d.Body = nil
			} else if len(d.Body) > server.MaxKept {
				d.Unreadable, d.Body = "too_large", nil
			} else if len(d.Body) > 0 && !jsontext.Value(d.Body).IsValid() {
				d.Unreadable, d.Body = "damaged", nil
			}
			size += len(d.Body)
			if p.More = len(p.Changes) == q.Limit || size > q.Bytes && len(p.Changes) > 0; p.More {
				return
			}
			p.Changes = append(p.Changes, d)
		}
	})
	return p, err
}

func (m *memory) HashAt(_ context.Context, seq int64) (hash []byte, err error) {
	return hash, m.read(func(s *state) { hash = s.chain[seq] })
}

func (m *memory) Seed(context.Context) ([]byte, error) { return bytes.Repeat([]byte("k"), 32), nil }

func (m *memory) Head(context.Context) (h server.Head, err error) {
	err = m.read(func(s *state) { h, _ = s.Head() })
	return h, err
}

func (m *memory) Claim(ctx context.Context, company string) error {
	return m.Update(ctx, func(tx server.Tx) error {
		s := tx.(*state)
		if s.company != "" && s.company != company {
			return server.ErrOtherCompany
		}
		s.company = company
		for series, n := range maps.Clone(s.numbers) {
			if series.Company == "" {
				delete(s.numbers, series)
				s.numbers[server.Series{Company: company, Name: series.Name}] = n
			}
		}
		for k, d := range maps.Clone(s.docs) {
			if d.Number != "" && d.Series.Company == "" {
				d.Series.Company = company
				s.docs[k] = d
			}
		}
		return nil
	})
}

func (m *memory) Prune(ctx context.Context, before time.Time) (n int64, err error) {
	err = m.Update(ctx, func(tx server.Tx) error {
		n = 0
		maps.DeleteFunc(tx.(*state).answers, func(_ string, a answer) bool {
			if a.at.Before(before) {
				n++
			}
			return a.at.Before(before)
		})
		return nil
	})
	return n, err
}

func (m *memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	return nil
}

// The state is its own server.Tx.

func (s *state) Prefetch([]server.Key, []string) error { return nil }

func (s *state) Answer(operation string) (string, []byte, bool, error) {
	a, found := s.answers[operation]
	return a.hash, a.bytes, found, nil
}

func (s *state) Record(operation, hash string, bytes []byte, at time.Time) error {
	if _, twice := s.answers[operation]; twice {
		return errors.New("answered already")
	}
	s.answers[operation] = answer{hash, bytes, at}
	return nil
}

func (s *state) Document(typ, id string) (server.Document, bool, error) {
	d, found := s.docs[server.Key{Type: typ, ID: id}]
	if len(d.Body) > server.MaxKept {
		d.Body = nil
	}
	return d, found, nil
}

func (s *state) NextSeq() (int64, error) { s.seq++; return s.seq, nil }

func (s *state) NextNumber(series server.Series) (int64, error) {
	s.numbers[series]++
	return s.numbers[series], nil
}

func (s *state) LiftNumber(series server.Series, n int64) error {
	s.numbers[series] = max(s.numbers[series], n)
	return nil
}

func (s *state) Write(d server.Document) error {
	if holder, _ := s.ByNumber(d.Series, d.Number); d.Number != "" && holder != "" && holder != d.ID {
		return errors.New("the number is taken")
	}
	k := server.Key{Type: d.Type, ID: d.ID}
	if d.Receipt == nil {
		d.Receipt = s.docs[k].Receipt
	}
	s.docs[k] = d
	s.hash = server.Extend(s.hash, d)
	s.chain[d.Seq] = s.hash
	return nil
}

func (s *state) Head() (server.Head, error) {
	h := server.Head{Epoch: s.epoch, Seq: s.seq, Hash: s.hash, Numbers: maps.Clone(s.numbers)}
	return h, nil
}

func (s *state) HashAt(seq int64) ([]byte, error) { return s.chain[seq], nil }

// sorted are the documents that fit, by seq.
func (s *state) sorted(fits func(server.Document) bool) []server.Document {
	var out []server.Document
	for _, d := range s.docs {
		if fits(d) {
			out = append(out, d)
		}
	}
	slices.SortFunc(out, func(a, b server.Document) int { return cmp.Compare(a.Seq, b.Seq) })
	return out
}

func (s *state) ByNumber(series server.Series, number string) (string, error) {
	for _, d := range s.sorted(func(d server.Document) bool { return d.Series == series && d.Number == number }) {
		return d.ID, nil
	}
	return "", nil
}

func (s *state) Owner(device string) (string, bool, error) {
	branch, found := s.devices[device]
	return branch, found, nil
}

func (s *state) Enrol(device, branch string, _ time.Time) error {
	s.devices[device] = branch
	return nil
}

func (s *state) List(typ string) ([]server.Document, error) {
	return s.sorted(func(d server.Document) bool { return d.Type == typ && !d.Deleted }), nil
}

func (s *state) Waiting(after int64, limit int) ([]server.Document, error) {
	out := s.sorted(func(d server.Document) bool { return d.State == "waiting" && d.Seq > after })
	return out[:min(limit, len(out))], nil
}

func (s *state) Reds(id string) ([]server.Document, error) {
	return s.sorted(func(d server.Document) bool {
		return d.Reverses == id && (d.State == "waiting" || d.State == "issued")
	}), nil
}

func (s *state) SetEpoch(epoch string) error { s.epoch = epoch; return nil }
