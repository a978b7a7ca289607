package localdb

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"maps"

	"counterfoil/app/books"
	"counterfoil/app/document"
)

// Salvaged is what was taken out of a data file.
type Salvaged struct {
	Readable  bool `json:"readable"`  // something of it could be read
	Whole     bool `json:"whole"`     // all of it could
	Documents int  `json:"documents"` // taken: newer than what the backup holds, or not in it
	Unsent    int  `json:"unsent"`    // of these the server does not have as they are
	Deleted   int  `json:"deleted"`   // of the backup's, which were deleted since
}

// A Wreck is where a data file lies of which something may be damaged.
type Wreck struct {
	Path  string
	Dir   string   // an empty folder for a copy of it, on the same disk
	First [][]byte // of FirstPage, the newest first
	// Damaged: what it says was deleted is gone. Of a sound file what the backup
	// holds comes back.
	Damaged bool
}

// Salvage takes out of a wreck what is whole by its own sum and newer than what d
// holds, with the operations that wait for an answer, and gives d a new device id:
// none of its operations is taken for one that the wreck had sent. All or nothing is
// written. d is a backup's copy or a new file, nobody else's.
func (d *DB) Salvage(ctx context.Context, from Wreck) (out Salvaged, err error) {
	w, err := boardWreck(ctx, from.Path, from.Dir, from.First)
	if err != nil {
		return out, wrap("salvage", err)
	}
	if w != nil {
		defer func() { err = errors.Join(err, w.close()) }()
		out.Readable = true
		err = d.inTx(ctx, func(t *tx) error {
			s := salvage{t: t, w: w, out: &out, from: from, taken: map[document.Key]bool{}, met: map[document.Key]bool{}}
			return s.run(ctx)
		})
		out.Whole = w.whole
	}
	if err == nil {
		err = d.RenewDevice(ctx, d.newID())
	}
	return out, wrap("salvage", err)
}

type salvage struct {
	t    *tx
	w    *wreck
	out  *Salvaged
	from Wreck

	operations map[document.Key][]books.Operation // that are whole, oldest first
	kept       map[int64][]any                    // rows of the outbox, by id
	lost       bool                               // there may be others
	grown      bool                               // the wreck is what became of the backup: it has nothing older
	conflicts  map[document.Key][]any             // rows
	clashLost  bool                               // there may be others
	texts      map[int64][]byte                   // typed, by row of the invoice
	textsLost  bool                               // there may be others
	met        map[document.Key]bool              // documents that are whole in the wreck
	taken      map[document.Key]bool
}

func (s *salvage) run(ctx context.Context) error {
	for _, step := range []func(context.Context) error{
		s.readLine, s.readTyped, s.readOutbox, s.readConflicts, s.invoices, s.records, s.frozen, s.history, s.settings,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// readLine finds out whether the wreck is what became of the backup, by the newest entry
// of the backup's history: then nothing in it is older, whatever the clocks said.
func (s *salvage) readLine(ctx context.Context) error {
	const entry = `SELECT id, document, at, event, detail, sum FROM history `
	var id, at, sum int64
	var doc, event, detail string
	err := s.t.one(entry+`ORDER BY id DESC LIMIT 1`, nil, &id, &doc, &at, &event, &detail, &sum)
	if errors.Is(err, sql.ErrNoRows) {
		s.grown = true
		return nil
	}
	if err != nil {
		return err
	}
	err, own := s.w.rows(ctx, entry+`WHERE id = ?`, id, func(v []any) error {
		s.grown = word(v[1]) == doc && v[2] == at && word(v[3]) == event && word(v[4]) == detail && v[5] == sum
		return nil
	})
	return s.read(err, own)
}

const operationRow = `seq, document_type, document_id, kind, base_revision, hash, state, attempts, last_error, created, sent, from_state, sum, bytes, bytes_sum`

// readOutbox reads the operations that are whole.
func (s *salvage) readOutbox(ctx context.Context) error {
	s.operations, s.kept = map[document.Key][]books.Operation{}, map[int64][]any{}
	err := s.w.scan(ctx, "outbox", "id", operationRow, 0, func(v []any) error {
		if n := len(v) - 2; !sound(v[:n]) || !sound(v[n:]) { // the sum of bytes is of them alone
			s.lost = true
			return nil
		}
		o := books.Operation{
			DocumentType: document.Type(word(v[2])), DocumentID: word(v[3]), Kind: books.OperationKind(word(v[4])),
			State: books.OutboxState(word(v[7])), Bytes: blob(v[len(v)-2]),
		}
		o.ID, _ = v[0].(int64)
		s.kept[o.ID] = v
		s.operations[o.Key()] = append(s.operations[o.Key()], o)
		return nil
	})
	s.lost = s.lost || !s.w.whole
	return err
}

func (s *salvage) readConflicts(ctx context.Context) error {
	s.conflicts = map[document.Key][]any{}
	err := s.w.scan(ctx, "conflict", "rowid", conflictSummed+`, sum`, 0, func(v []any) error {
		if !sound(v[1:]) {
			s.clashLost = true
			return nil
		}
		s.conflicts[document.Key{Type: document.Type(word(v[1])), ID: word(v[2])}] = v[1:]
		return nil
	})
	s.clashLost = s.clashLost || !s.w.whole
	return err
}

// A find is one document of the wreck, whole.
type find struct {
	document.Document
	n          int64 // its row, of an invoice
	body, base []byte
}

func (s *salvage) find(t document.Type, doc, docSum, base, baseSum any) (find, bool) {
	f := find{body: blob(doc), base: blob(base)}
	if !sound([]any{doc, docSum}) || !sound([]any{base, baseSum}) {
		return f, false
	}
	var err error
	f.Document, err = decode(t, f.body)
	return f, err == nil
}

func (s *salvage) invoices(ctx context.Context) error {
	return s.w.scan(ctx, "body", "n", `doc, doc_sum, base, base_sum`, 0, func(v []any) error {
		f, ok := s.find(invoiceType, v[1], v[2], v[3], v[4])
		if !ok {
			return nil
		}
		f.n, _ = v[0].(int64)
		row, err := s.take(f)
		if err != nil || row == 0 {
			return err
		}
		return errors.Join(s.typed(f.n, row), s.receipt(ctx, f.n, row))
	})
}

// readTyped reads what was typed into invoices and does not fit them.
func (s *salvage) readTyped(ctx context.Context) error {
	s.texts = map[int64][]byte{}
	err := s.w.scan(ctx, "typed", "n", `texts, sum`, 0, func(v []any) error {
		if n, ok := v[0].(int64); ok && sound(v) {
			s.texts[n] = blob(v[1])
		}
		return nil
	})
	s.textsLost = !s.w.whole
	return err
}

// typed takes over what was typed into an invoice.
func (s *salvage) typed(from, to int64) error {
	texts, some := s.texts[from]
	if some || !s.textsLost {
		if err := s.t.exec(`DELETE FROM typed WHERE n = ?`, to); err != nil {
			return err
		}
	}
	if !some {
		return nil
	}
	return s.t.exec(`INSERT INTO typed (n, texts) VALUES (?, ?)`, to, texts)
}

// receipt takes over the server's signed word; its signature tells whether it is whole.
func (s *salvage) receipt(ctx context.Context, from, to int64) error {
	err, own := s.w.rows(ctx, `SELECT seq, receipt FROM receipt WHERE n = ?`, from, func(v []any) error {
		return s.t.exec(`INSERT OR REPLACE INTO receipt VALUES (?, ?, ?)`, to, v[0], v[1])
	})
	return s.read(err, own)
}

// read notes a row that cannot be read, and returns what is in the way of writing.
func (s *salvage) read(err error, own bool) error { //nolint:revive // own is about the error
	if own {
		return err
	}
	s.w.whole = s.w.whole && err == nil
	return nil
}

func (s *salvage) records(ctx context.Context) error {
	return s.w.scan(ctx, "record", "n", `type, doc, doc_sum, base, base_sum`, 0, func(v []any) error {
		t := document.Type(word(v[1]))
		if _, known := document.Lookup(t); !known || t == invoiceType {
			return nil
		}
		f, ok := s.find(t, v[2], v[3], v[4], v[5])
		if !ok {
			return nil
		}
		_, err := s.take(f)
		return err
	})
}

// take writes a document of the wreck unless d has it as new; row is 0 where it has.
func (s *salvage) take(f find) (row int64, err error) {
	k := document.KeyOf(f)
	s.met[k] = true
	have, err := s.t.Document(k)
	switch {
	case errors.Is(err, books.ErrNotFound), errors.Is(err, books.ErrDamaged):
	case err != nil:
		return 0, err
	case !s.grown && !newer(f, have.Document):
		return 0, nil
	default:
		same, err := s.same(f, have)
		if same || err != nil {
			return 0, err
		}
	}
	shelf := shelfOf(k.Type)
	old, err := shelf.head(s.t, k.ID)
	if err != nil {
		return 0, err
	}
	if err := errors.Join(s.t.closeConflict(k), s.t.forgetOperations(k)); err != nil {
		return 0, err
	}
	if row, err = shelf.put(s.t, old, f.Document, f.body, setBase, f.base); err != nil {
		return 0, err
	}
	s.taken[k] = true
	s.out.Documents++
	return row, s.pending(k, f, row)
}

// newer reports whether a document of the wreck is at least as new as that of the backup.
func newer(f find, have document.Document) bool {
	a, b := f.Meta(), have.Meta()
	if a.Revision != b.Revision {
		return a.Revision > b.Revision
	}
	return !a.Updated.Before(b.Updated)
}

// same reports whether the backup has the document just so, with as much to be sent.
func (s *salvage) same(f find, have books.Record) (bool, error) {
	k := document.KeyOf(f)
	body, err := document.Encode(have.Document)
	if err != nil {
		return false, err
	}
	var base []byte
	if have.Base != nil {
		if base, err = document.Encode(have.Base); err != nil {
			return false, err
		}
	}
	texts, err := decodeTyped(s.texts[f.n])
	if err != nil {
		return false, err
	}
	_, conflict := s.conflicts[k]
	return bytes.Equal(body, f.body) && bytes.Equal(base, f.base) && len(s.operations[k]) == 0 && have.Pending == "" &&
		!conflict && (!have.Conflict || s.clashLost) && maps.Equal(texts, have.Typed), nil
}

// pending brings over what waits for an answer: the operations as they stood, or one
// for a document that differs from what the server had.
func (s *salvage) pending(k document.Key, f find, row int64) error {
	if c, open := s.conflicts[k]; open {
		s.out.Unsent++
		if err := s.t.exec(`INSERT INTO conflict (`+conflictSummed+`) VALUES (?, ?, ?, ?, ?)`, c[:5]...); err != nil {
			return err
		}
		return shelfOf(k.Type).flag(s.t, row)
	}
	ops := s.operations[k]
	for _, o := range ops {
		if err := s.enter(o); err != nil {
			return err
		}
	}
	state := f.Meta().State
	switch {
	case len(ops) > 0:
	case !s.lost && !s.clashLost, state == document.Rejected, state.Final(), bytes.Equal(f.body, f.base):
		return nil
	default:
		kind, from := books.Put, state
		if state == document.Waiting {
			kind, from = books.Transition, document.Draft
		}
		if err := s.t.addUnsent(f.Document, kind, from); err != nil {
			return err
		}
	}
	s.out.Unsent++
	return nil
}

// enter writes an operation as it stood.
func (s *salvage) enter(o books.Operation) error {
	v := s.kept[o.ID]
	delete(s.kept, o.ID)
	args := append(append([]any{}, v[1:13]...), v[len(v)-2])
	return s.t.exec(`INSERT INTO outbox (seq, document_type, document_id, kind, base_revision, hash, state, attempts, last_error, created, sent, from_state, bytes)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, args...)
}

// frozen takes what is left of the outbox: operations of documents that cannot be
// read. What was sent holds the document in its bytes; a deletion needs none.
func (s *salvage) frozen(context.Context) error {
	for k, ops := range s.operations {
		if s.taken[k] || s.met[k] {
			continue
		}
		o := ops[len(ops)-1]
		have, err := s.t.Document(k)
		gone := errors.Is(err, books.ErrNotFound) || errors.Is(err, books.ErrDamaged)
		if err != nil && !gone {
			return err
		}
		if o.Kind == books.Delete && !gone {
			if err := errors.Join(s.t.forgetOperations(k), s.enter(o)); err != nil {
				return err
			}
			s.met[k] = true
			s.out.Unsent++
			continue
		}
		if len(o.Bytes) == 0 || o.Kind != books.Put && o.Kind != books.Transition {
			continue
		}
		d, err := decode(k.Type, o.Bytes)
		if err != nil || document.KeyOf(d) != k {
			continue
		}
		f := find{Document: d, body: o.Bytes}
		if !gone && have.Base != nil {
			if f.base, err = document.Encode(have.Base); err != nil {
				return err
			}
		}
		if _, err := s.take(f); err != nil {
			return err
		}
	}
	return nil
}

// history takes the entries that the backup does not have, and from them what was
// deleted since.
func (s *salvage) history(ctx context.Context) error {
	var last int64
	if err := s.t.one(`SELECT coalesce(max(id), 0) FROM history`, nil, &last); err != nil {
		return err
	}
	deleted := map[string]bool{}
	err := s.w.scan(ctx, "history", "id", `document, at, event, detail, sum, before, before_sum`, last, func(v []any) error {
		if !sound(v[:6]) || !sound(v[6:]) {
			return nil
		}
		deleted[word(v[1])] = word(v[3]) == "deleted"
		return s.t.exec(`INSERT OR IGNORE INTO history (id, document, at, event, detail, before) VALUES (?, ?, ?, ?, ?, ?)`, v[0], v[1], v[2], v[3], v[4], v[6])
	})
	if err != nil || !s.from.Damaged {
		return err
	}
	for name, is := range deleted {
		k := keyOfText(name)
		if !is || s.met[k] || s.taken[k] {
			continue
		}
		if _, known := document.Lookup(k.Type); !known {
			continue
		}
		h, err := shelfOf(k.Type).head(s.t, k.ID)
		if err != nil {
			return err
		}
		if h.n == 0 {
			continue
		}
		if err := s.t.drop(h.n, k); err != nil {
			return err
		}
		s.out.Deleted++
	}
	return nil
}

// settings takes those that d does not have: a new file has none.
func (s *salvage) settings(ctx context.Context) error {
	rows, err := s.w.db.QueryContext(ctx, `SELECT name, value FROM setting`)
	if err != nil {
		s.w.whole = false
		return nil
	}
	defer rows.Close()
	for rows.Next() {
		var name, value sql.RawBytes
		if err := rows.Scan(&name, &value); err != nil {
			s.w.whole = false
			return nil
		}
		if err := s.t.exec(`INSERT OR IGNORE INTO setting VALUES (?, ?)`, string(name), string(value)); err != nil {
			return err
		}
	}
	s.w.whole = s.w.whole && rows.Err() == nil
	return nil
}
