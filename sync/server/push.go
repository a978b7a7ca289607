package server

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"counterfoil/sync/server/access"
	"counterfoil/sync/wire"
)

const (
	maxOperations = 5000 // in one push
	prefetched    = 200  // operations whose documents are held in memory at once
)

// storedAnswer is wire.PushAnswer with the answers as they stand in the ledger.
type storedAnswer struct {
	Epoch   string           `json:"epoch"`
	Answers []jsontext.Value `json:"answers"`
}

func (s *Server) push(w http.ResponseWriter, r *http.Request) {
	var req wire.PushRequest
	if !s.decode(w, r, &req) {
		return
	}
	malformed := func(detail string) {
		s.Problem(w, r, http.StatusBadRequest, wire.Problem{Code: "malformed", Title: "The push is malformed", Detail: detail})
	}
	switch {
	case req.Protocol < wire.ProtocolMin || req.Protocol > wire.ProtocolMax:
		if req.Protocol == 0 {
			malformed("protocol is missing")
			return
		}
		s.upgrade(w, r)
		return
	case !wire.ValidID(req.Device, 64):
		malformed("device is missing or no id")
		return
	case len(req.Operations) > maxOperations:
		s.Problem(w, r, http.StatusRequestEntityTooLarge, wire.Problem{Code: "too_large", Title: "Too many operations", Detail: "at most " + strconv.Itoa(maxOperations) + " in one push"})
		return
	}
	for i, op := range req.Operations {
		if !wire.ValidID(op.OperationID, 128) || op.Hash == "" || len(op.Body) == 0 {
			malformed("operation " + strconv.Itoa(i+1) + ": operation_id, hash and body are needed")
			return
		}
	}
	out := storedAnswer{Answers: make([]jsontext.Value, 0, len(req.Operations))}
	// Once begun, a batch is finished even if the client hangs up: the answers
	// are then in the ledger.
	ctx := context.WithoutCancel(r.Context())
	err := s.cfg.Store.Update(ctx, func(tx Tx) (err error) {
		if out.Epoch, err = tx.Epoch(); err != nil {
			return err
		}
		d := &decider{tx: tx, device: req.Device, branch: access.From(r.Context()).Branch, now: s.now(), taxUp: s.taxUp()}
		for some := range slices.Chunk(req.Operations, prefetched) {
			if err := d.prefetch(some); err != nil {
				return err
			}
			for _, op := range some {
				a, err := d.answer(op)
				if err != nil {
					return err
				}
				out.Answers = append(out.Answers, a)
			}
		}
		return nil
	})
	if err != nil {
		s.failed(w, r)
		return
	}
	s.hint(ctx)
	s.send(w, r, out)
}
