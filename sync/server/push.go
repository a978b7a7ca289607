package server

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"counterfoil/sync/server/access"
	"counterfoil/sync/wire"
)

const (
	maxOperations = 1000    // in one push
	maxAnswers    = 4 << 20 // bytes of all answers to one push
	prefetched    = 64      // operations whose documents are held in memory at once
)

// storedAnswer is wire.PushAnswer with the answers as they stand in the ledger.
type storedAnswer struct {
	Epoch   string           `json:"epoch"`
	Mark    string           `json:"mark"`
	Answers []jsontext.Value `json:"answers"`
}

func (s *Server) push(w http.ResponseWriter, r *http.Request) {
	var req wire.PushRequest
	if !s.decode(w, r, &req) {
		return
	}
	malformed := func(detail string) {
		Refuse(w, http.StatusBadRequest, wire.Problem{Code: "malformed", Title: "The push is malformed", Detail: detail})
	}
	switch {
	case req.Protocol < wire.ProtocolMin || req.Protocol > wire.ProtocolMax:
		if req.Protocol == 0 {
			malformed("protocol is missing")
			return
		}
		upgrade(w)
		return
	case !wire.ValidID(req.Device, 64):
		malformed("device is missing or no id")
		return
	case len(req.Operations) > maxOperations:
		Refuse(w, http.StatusRequestEntityTooLarge, wire.Problem{Code: "too_large", Title: "Too many operations", Detail: "at most " + strconv.Itoa(maxOperations) + " in one push"})
		return
	}
	for i, op := range req.Operations {
		if !wire.ValidID(op.OperationID, 128) || op.Hash == "" || len(op.Body) == 0 {
			malformed("operation " + strconv.Itoa(i+1) + ": operation_id, hash and body are needed")
			return
		}
	}
	who := access.From(r.Context())
	if !sameDevice(w, r, req, who) {
		return
	}
	mark, ok := s.openMark(w, r, req.Mark)
	if !ok {
		return
	}
	// Once begun, a batch is finished even if the client hangs up: the answers
	// are then in the ledger.
	ctx := context.WithoutCancel(r.Context())
	key, err := s.key(ctx)
	if err != nil {
		failed(w, err)
		return
	}
	var done pushed
	if len(req.Operations) == 0 && mark.Epoch == "" { // it only asks whether a push comes through
		done.head, err = s.cfg.Store.Head(ctx)
		done.answers = []jsontext.Value{}
	} else {
		done, err = Do(ctx, s.cfg.Store, func(tx Tx) (pushed, error) {
			d := &decider{s: s, tx: tx, key: key, device: req.Device, who: who, now: s.cfg.Now(), taxUp: s.cfg.TaxUp()}
			return d.push(req.Operations, mark)
		})
	}
	switch {
	case errors.Is(err, errForeignDevice):
		Refuse(w, http.StatusForbidden, wire.Problem{Code: "device_foreign", Title: "This device belongs to another branch", Detail: "take a new device id"})
		return
	case errors.Is(err, errTooLarge):
		Refuse(w, http.StatusRequestEntityTooLarge, wire.Problem{Code: "too_large", Title: "The answers would be too large", Detail: "send fewer operations"})
		return
	case err != nil:
		failed(w, err)
		return
	case done.changed != "":
		epochChanged(w, done.changed)
		return
	}
	out := storedAnswer{Epoch: done.head.Epoch, Answers: done.answers}
	if out.Mark, err = s.mark(ctx, done.head); err != nil {
		failed(w, err)
		return
	}
	s.hint(done.head.Seq)
	s.send(w, r, out)
}

// pushed is what became of a push.
type pushed struct {
	changed string // the epoch that the desk does not know of; nothing was done then
	answers []jsontext.Value
	head    Head
}

// push settles the mark and answers the operations.
func (d *decider) push(operations []wire.Operation, mark wire.Mark) (out pushed, err error) {
	if mark.Epoch != "" {
		if out.changed, err = d.s.rewound(d.tx, mark); err != nil || out.changed != "" {
			return out, err
		}
	}
	if err := d.enrol(); err != nil {
		return out, err
	}
	if out.answers, err = d.answers(operations); err != nil {
		return out, err
	}
	out.head, err = d.tx.Head()
	return out, err
}

// answers returns the answer to each operation, in order.
func (d *decider) answers(operations []wire.Operation) ([]jsontext.Value, error) {
	out := make([]jsontext.Value, 0, len(operations))
	size := 0
	for some := range slices.Chunk(operations, prefetched) {
		if err := d.prefetch(some); err != nil {
			return nil, err
		}
		for _, op := range some {
			a, err := d.answer(op)
			if err != nil {
				return nil, err
			}
			if size += len(a); size > maxAnswers {
				return nil, errTooLarge
			}
			out = append(out, a)
		}
	}
	return out, nil
}

var errForeignDevice = errors.New("the device belongs to another branch")

// enrol makes sure that the device is one of the principal's branch; the branch
// that uses an id first has it.
func (d *decider) enrol() error {
	mine := branchOf(d.who)
	branch, found, err := d.tx.Owner(d.device)
	switch {
	case err != nil:
		return err
	case !found:
		return d.tx.Enrol(d.device, mine, d.now)
	case branch != mine:
		return errForeignDevice
	}
	return nil
}

// sameDevice demands that body, header, token and operation ids name one device;
// it answers the problem itself when they do not.
func sameDevice(w http.ResponseWriter, r *http.Request, req wire.PushRequest, who access.Principal) bool {
	bad := ""
	if h := r.Header.Get(wire.HeaderDevice); h != "" && h != req.Device {
		bad = "the header " + wire.HeaderDevice + " names another device than the body"
	}
	if who.Device != "" && who.Device != req.Device {
		bad = "the token belongs to another device"
	}
	for i, op := range req.Operations {
		seq, ours := strings.CutPrefix(op.OperationID, req.Device+":")
		if n, err := strconv.ParseInt(seq, 10, 64); !ours || err != nil || n < 1 || wire.OperationID(req.Device, n) != op.OperationID {
			bad = "operation " + strconv.Itoa(i+1) + " has no id of this device"
			break
		}
	}
	if bad == "" {
		return true
	}
	Refuse(w, http.StatusForbidden, wire.Problem{Code: "device_mismatch", Title: "The device is not the same everywhere", Detail: bad})
	return false
}
