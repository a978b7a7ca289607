package localdb

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"

	"counterfoil/app/books"
)

// Bounds of a search, in rows.
var (
	// near in list order are looked at before the index is asked: a common word
	// fills its page from them.
	near = 500
	// many candidates and more make walking the list cheaper than sorting them.
	many = 2000
	// far in list order are looked at for one page, so that none takes longer than
	// a moment.
	far = 4000
)

// searchWords splits what a person typed; every word must occur.
func searchWords(s string) []string { return strings.Fields(fold(s)) }

// find runs a page. Three ways lead to the same rows: the nearest rows in list
// order; the candidates of the index, sorted; further rows in list order. stopped
// is the place up to which was looked when that is not the end.
func (d *DB) find(ctx context.Context, q listQuery, words []string) (rows []books.Row, stopped *books.Place, err error) {
	if len(words) == 0 {
		w := q.scope()
		rows, err = d.rows(ctx, `SELECT i.`+q.column+`, `+rowColumns+` FROM invoice i`+w.String()+q.order("i")+` LIMIT ?`, append(w.args, q.limit))
		return rows, nil, err
	}
	if rows, stopped, err = d.walk(ctx, q, words, near); err != nil || stopped == nil || len(rows) == q.limit {
		return rows, stopped, err
	}
	candidates, cargs := candidatesOf(words)
	ids, err := d.numbers(ctx, candidates+` LIMIT ?`, join(cargs, []any{many}))
	if err != nil || len(ids) == 0 {
		return nil, nil, err
	}
	if len(ids) < many {
		list, err := json.Marshal(ids)
		if err != nil {
			return nil, nil, err
		}
		w := q.scope()
		w.add("i.n IN (SELECT value FROM json_each(?))", string(list))
		holds, args := holdsAll(words)
		// LIMIT -1 keeps the planner from walking the list instead of the candidates.
		rows, err = d.rows(ctx, `SELECT i.`+q.column+`, `+rowColumns+` FROM (SELECT * FROM invoice i`+w.String()+` LIMIT -1) i
			CROSS JOIN search s ON s.n = i.n WHERE `+holds+q.order("i")+` LIMIT ?`, join(w.args, args, []any{q.limit}))
		return rows, nil, err
	}
	rest := q
	rest.after, rest.limit = stopped, q.limit-len(rows)
	more, stopped, err := d.walk(ctx, rest, words, far)
	return append(rows, more...), stopped, err
}

// numbers runs a query of one column.
func (d *DB) numbers(ctx context.Context, query string, args []any) ([]int64, error) {
	var all []int64
	err := d.each(ctx, query, args, func(r *sql.Rows) error {
		var n int64
		err := r.Scan(&n)
		all = append(all, n)
		return err
	})
	return all, err
}

// walk looks at the next rows in list order. stopped is the last of them, nil at
// the end of the list.
func (d *DB) walk(ctx context.Context, q listQuery, words []string, steps int) (rows []books.Row, stopped *books.Place, err error) {
	w := q.scope()
	holds, args := holdsAll(words)
	rows, err = d.rows(ctx, `SELECT i.`+q.column+`, `+rowColumns+` FROM (SELECT * FROM invoice i`+w.String()+q.order("i")+` LIMIT ?) i
		JOIN search s ON s.n = i.n WHERE `+holds+q.order("i")+` LIMIT ?`, join(w.args, []any{steps}, args, []any{q.limit}))
	if err != nil {
		return nil, nil, err
	}
	if len(rows) == q.limit {
		return rows, &rows[len(rows)-1].Place, nil
	}
	var key any
	var at books.Place
	err = d.one(ctx, `SELECT i.`+q.column+`, i.n FROM invoice i`+w.String()+q.order("i")+` LIMIT 1 OFFSET ?`, join(w.args, []any{steps - 1}), &key, &at.Row)
	if errors.Is(err, sql.ErrNoRows) {
		return rows, nil, nil
	}
	at.Text, at.Number = keyParts(key)
	return rows, &at, err
}

// holdsAll verifies every word against the search text; no character is special in it.
func holdsAll(words []string) (string, []any) {
	var parts []string
	var args []any
	for _, w := range words {
		parts = append(parts, `instr(s.text, ?) > 0`)
		args = append(args, w)
	}
	return strings.Join(parts, " AND "), args
}

// candidatesOf returns a query for the row ids that may hold all words: those that
// the index leads to, and those not indexed yet that do hold them.
func candidatesOf(words []string) (string, []any) {
	query, args := indexedCandidates(words)
	holds, hargs := holdsAll(words)
	return query + ` UNION ALL SELECT l.n FROM search_later l CROSS JOIN search s ON s.n = l.n WHERE ` + holds, join(args, hargs)
}

// indexedCandidates reads the index by the words of three characters and more, or
// by the longest of shorter ones; the others are verified only. Trigrams that
// overlap would cost time and pick hardly better.
func indexedCandidates(words []string) (string, []any) {
	var terms []string
	seen := map[string]bool{}
	short := ""
	for _, w := range words {
		r := []rune(w)
		for i := 0; len(r) >= 3 && i < len(r); i += 3 {
			at := min(i, len(r)-3)
			if t := string(r[at : at+3]); !seen[t] {
				seen[t] = true
				terms = append(terms, `"`+strings.ReplaceAll(t, `"`, `""`)+`"`)
			}
		}
		if len(r) < 3 && len(r) > utf8.RuneCountInString(short) {
			short = w
		}
	}
	if len(terms) == 0 {
		// Every character starts a trigram, so the word is a prefix of terms.
		return `SELECT DISTINCT doc AS n FROM search_term WHERE term >= ? AND term < ?`, []any{short, short + "\U0010FFFF"}
	}
	return `SELECT rowid AS n FROM search_index WHERE search_index MATCH ?`, []any{strings.Join(terms, " AND ")}
}

// exact reports whether every candidate holds the words, so that none needs
// verifying: one word that is no longer than the terms of the index.
func exact(words []string) bool {
	return len(words) == 1 && utf8.RuneCountInString(words[0]) <= 3
}

func join(lists ...[]any) []any {
	var all []any
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}
