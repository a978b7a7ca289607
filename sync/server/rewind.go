package server

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"counterfoil/sync/wire"
)

// A server does not know that its data were put back from a backup; the desks
// do. Each shows its newest mark, and what it says is compared with the running
// hash that this server has at that place.

// place is how a mark stands to this server's changes.
type place int

const (
	known   place = iota // the server has what the desk has seen
	behind               // the desk has seen later changes
	other                // the desk has seen another change at that place
	foreign              // the mark is of another epoch
)

func compare(m wire.Mark, h Head, hashAt func(seq int64) ([]byte, error)) (place, error) {
	switch {
	case m.Epoch != h.Epoch:
		return foreign, nil
	case m.Seq > h.Seq:
		return behind, nil
	}
	have, err := hashAt(m.Seq)
	if err != nil {
		return known, err
	}
	if m.Seq > 0 && !bytes.Equal(have, m.Hash) {
		return other, nil
	}
	return known, nil
}

// rewound settles a mark inside a write transaction. Whoever writes is no lagging
// reader: a server that is behind, or has other changes, lost some and takes a new
// epoch. The counters of numbers go past every number that the desk knows of. It
// returns the epoch to tell the desk; empty when the mark is known.
func (s *Server) rewound(tx Tx, m wire.Mark) (epoch string, err error) {
	h, err := tx.Head()
	if err != nil {
		return "", err
	}
	at, err := compare(m, h, tx.HashAt)
	if err != nil || at == known {
		return "", err
	}
	for name, n := range m.Numbers {
		if err := tx.LiftNumber(s.series(name), n); err != nil {
			return "", err
		}
	}
	if at == foreign {
		return h.Epoch, nil
	}
	epoch = s.cfg.NewID()
	return epoch, tx.SetEpoch(epoch)
}

// openMark reads the mark of a request; it answers the problem itself when the
// mark is not one of this server's. The zero Mark stands for none.
func (s *Server) openMark(w http.ResponseWriter, r *http.Request, text string) (wire.Mark, bool) {
	if text == "" {
		return wire.Mark{}, true
	}
	key, err := s.key(r.Context())
	if err != nil {
		failed(w, err)
		return wire.Mark{}, false
	}
	m, err := wire.OpenMark(text, markSecret(key))
	if err != nil {
		Refuse(w, http.StatusBadRequest, wire.Problem{Code: "mark_invalid", Title: "The mark is not one of this server's", Detail: "leave it out, or compare the server's identity in healthz"})
		return wire.Mark{}, false
	}
	return m, true
}

func epochChanged(w http.ResponseWriter, epoch string) {
	Refuse(w, http.StatusGone, wire.Problem{
		Code: "epoch_changed", Title: "The server's data were put back from a backup", Epoch: epoch,
		Detail: "present what was issued, offer what was answered again, then read from the start; keep what is not sent yet",
	})
}

func notCaughtUp(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "5")
	Refuse(w, http.StatusServiceUnavailable, wire.Problem{Code: "behind", Title: "This server has not caught up with what you have read", Detail: "ask again later; nothing is lost"})
}

// mark seals where the server stands.
func (s *Server) mark(ctx context.Context, h Head) (string, error) {
	key, err := s.key(ctx)
	if err != nil {
		return "", err
	}
	m := wire.Mark{Epoch: h.Epoch, Seq: h.Seq, Hash: h.Hash, Numbers: map[string]int64{}}
	for series, n := range h.Numbers {
		if series.Company == s.cfg.Company {
			m.Numbers[series.Name] = n
		}
	}
	return m.Seal(markSecret(key)), nil
}

func markSecret(key ed25519.PrivateKey) []byte {
	sum := sha256.Sum256(append([]byte("counterfoil mark\x00"), key.Seed()...))
	return sum[:]
}

// key is the one that signs receipts and seals marks; it belongs to the data. The
// first time, the data are claimed for the company.
func (s *Server) key(ctx context.Context) (ed25519.PrivateKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.signer == nil {
		seed, err := s.cfg.Store.Seed(ctx)
		if err != nil {
			return nil, err
		}
		if len(seed) != ed25519.SeedSize {
			return nil, fmt.Errorf("the server's key has %d bytes, not %d", len(seed), ed25519.SeedSize)
		}
		if err := s.cfg.Store.Claim(ctx, s.cfg.Company); err != nil {
			return nil, err
		}
		s.signer = ed25519.NewKeyFromSeed(seed)
	}
	return s.signer, nil
}

// NewEpoch is for the operator who put a backup back and does not want to wait
// until a desk shows it: every desk then presents and offers what it has.
func (s *Server) NewEpoch(ctx context.Context) error {
	_, err := Do(ctx, s.cfg.Store, func(tx Tx) (struct{}, error) { return struct{}{}, tx.SetEpoch(s.cfg.NewID()) })
	return err
}

// series is one of the company's series of numbers.
func (s *Server) series(name string) Series { return Series{s.cfg.Company, name} }

// format writes an invoice number: eight digits after the server's prefix, and
// after the name of a series that is not the first one.
func (s *Server) format(series Series, n int64) string {
	if series.Name == wire.DefaultSeries {
		return fmt.Sprintf("%s%08d", s.cfg.NumberPrefix, n)
	}
	return fmt.Sprintf("%s%s-%08d", s.cfg.NumberPrefix, series.Name, n)
}

// counted is the counter behind an invoice number; false when it is none of this
// server's series.
func (s *Server) counted(series Series, number string) (int64, bool) {
	digits := number[max(strings.LastIndexByte(number, '-')+1, 0):]
	n, err := strconv.ParseInt(strings.TrimPrefix(digits, s.cfg.NumberPrefix), 10, 64)
	return n, err == nil && n > 0 && s.format(series, n) == number
}
