package server

import (
	"net/http"
	"net/url"
	"strconv"

	"counterfoil/sync/wire"
)

const (
	defaultLimit = 200
	maxLimit     = 2000
	scope        = "all"
)

func (s *Server) pull(w http.ResponseWriter, r *http.Request) {
	malformed := func(detail string) {
		s.Problem(w, r, http.StatusBadRequest, wire.Problem{Code: "malformed", Title: "The pull is malformed", Detail: detail})
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
	without := q.Get("without")
	p, err := s.cfg.Store.Page(r.Context(), cursor.Seq, min(limit, maxLimit), without)
	if err != nil {
		s.failed(w, r)
		return
	}
	if cursor.Epoch != "" && (cursor.Epoch != p.Epoch || cursor.Seq > 0 && cursor.Scope != scope || cursor.Seq > p.LastSeq) {
		s.Problem(w, r, http.StatusGone, wire.Problem{Code: "cursor_gone", Title: "The cursor is not valid any more", Detail: "read from the start, without a cursor; keep what is not sent yet"})
		return
	}
	out := wire.PullAnswer{Epoch: p.Epoch, More: p.More, Changes: make([]wire.Change, 0, len(p.Changes))}
	cursor.Epoch, cursor.Scope = p.Epoch, scope
	for _, d := range p.Changes {
		out.Changes = append(out.Changes, wire.Change{
			Seq: d.Seq, DocumentType: d.Type, DocumentID: d.ID, Revision: d.Revision, Deleted: d.Deleted,
			Own: without != "" && d.Device == without, Body: d.Body,
		})
		cursor.Seq = d.Seq
	}
	out.Cursor = wire.FormatCursor(cursor)
	s.send(w, r, out)
}
