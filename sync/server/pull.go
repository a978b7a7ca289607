package server

import (
	"cmp"
	"net/http"
	"net/url"
	"strconv"

	"counterfoil/app/books"
	"counterfoil/app/document"
	"counterfoil/sync/server/access"
	"counterfoil/sync/wire"
)

const (
	defaultLimit = 200
	maxLimit     = document.MaxList
	pageBytes    = 1 << 20 // of bodies
)

// scopeOf names what a principal sees; a cursor holds it, so that one read under
// another scope is noticed.
func scopeOf(p access.Principal) string {
	if p.Whole {
		return "all"
	}
	return wire.Hash([]byte(branchOf(p)))[:12]
}

// seenBy is the branch that a page is limited to; empty is none.
func seenBy(p access.Principal) string {
	if p.Whole {
		return ""
	}
	return branchOf(p)
}

func (s *Server) pull(w http.ResponseWriter, r *http.Request) {
	malformed := func(detail string) {
		Refuse(w, http.StatusBadRequest, wire.Problem{Code: "malformed", Title: "The pull is malformed", Detail: detail})
	}
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		malformed(err.Error())
		return
	}
	cursor, err := wire.ParseCursor(q.Get("cursor"))
	if err != nil {
		malformed(err.Error())
		return
	}
	limit := defaultLimit
	if l := q.Get("limit"); l != "" {
		if limit, err = strconv.Atoi(l); err != nil || limit < 1 {
			malformed("limit is a number from 1 to " + strconv.Itoa(maxLimit))
			return
		}
	}
	mark, ok := s.openMark(w, r, q.Get("mark"))
	if !ok {
		return
	}
	who := access.From(r.Context())
	without := q.Get("without")
	p, err := s.cfg.Store.Page(r.Context(), PageQuery{After: cursor.Seq, Limit: min(limit, maxLimit), Bytes: pageBytes, Without: without, Branch: seenBy(who)})
	if err != nil {
		failed(w, err)
		return
	}
	if !s.upToDate(w, r, mark, cursor, p.Head) {
		return
	}
	scope := scopeOf(who)
	if cursor.Epoch != "" && cursor.Seq > 0 && cursor.Scope != scope {
		Refuse(w, http.StatusConflict, wire.Problem{Code: "scope_changed", Title: "You see other documents now than when this cursor was given", Detail: "read from the start, without a cursor; keep what is not sent yet"})
		return
	}
	out := wire.PullAnswer{Epoch: p.Head.Epoch, More: p.More, Changes: make([]wire.Change, 0, len(p.Changes))}
	cursor.Epoch, cursor.Scope = p.Head.Epoch, scope
	for _, d := range p.Changes {
		c := wire.Change{
			Seq: d.Seq, DocumentType: d.Type, DocumentID: d.ID, Revision: d.Revision, Deleted: d.Deleted,
			Own: without != "" && d.Device == without, Unreadable: d.Unreadable, Body: d.Body,
		}
		if len(d.Body) > 0 {
			c.Receipt = d.Receipt
		}
		out.Changes = append(out.Changes, c)
		cursor.Seq = d.Seq
	}
	if !p.More {
		cursor.Seq = max(cursor.Seq, p.Head.Seq) // past what others see
	}
	out.Cursor = wire.FormatCursor(cursor)
	if out.Mark, err = s.mark(r.Context(), p.Head); err != nil {
		failed(w, err)
		return
	}
	s.send(w, r, out)
}

// upToDate compares what the desk has seen with what this server has; it answers
// the problem itself when they do not agree.
func (s *Server) upToDate(w http.ResponseWriter, r *http.Request, mark wire.Mark, cursor books.Cursor, h Head) bool {
	ctx := r.Context()
	at := known
	if mark.Epoch != "" {
		var err error
		if at, err = compare(mark, h, func(seq int64) ([]byte, error) { return s.cfg.Store.HashAt(ctx, seq) }); err != nil {
			failed(w, err)
			return false
		}
	}
	switch {
	case at == behind, at == known && cursor.Epoch == h.Epoch && cursor.Seq > h.Seq:
		notCaughtUp(w)
		return false
	case at == other || at == foreign:
		epoch, err := Do(ctx, s.cfg.Store, func(tx Tx) (string, error) { return s.rewound(tx, mark) })
		if err != nil {
			failed(w, err)
			return false
		}
		epochChanged(w, cmp.Or(epoch, h.Epoch))
		return false
	case cursor.Epoch != "" && cursor.Epoch != h.Epoch:
		epochChanged(w, h.Epoch)
		return false
	}
	return true
}
