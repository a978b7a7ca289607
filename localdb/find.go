package localdb

import (
	"context"
	"strings"
	"unicode/utf8"
)

// near is how many rows in list order are looked at before the index is asked:
// a common word fills its page from them.
const near = 1000

// many is from how many candidates on walking the list is cheaper than sorting them.
const many = 4000

// searchWords splits what a person typed; every word must occur.
func searchWords(s string) []string { return strings.Fields(fold(s)) }

// find runs a page. Three ways lead to the same rows: the nearest rows in list
// order; the candidates of the index, sorted; all rows in list order.
func (d *DB) find(ctx context.Context, q listQuery, words []string) ([]keyed, error) {
	w := q.scope()
	if len(words) == 0 {
		return d.rows(ctx, `SELECT i.`+q.column+`, `+rowColumns+` FROM invoice i`+w.String()+q.order("i")+` LIMIT ?`, append(w.args, q.limit))
	}
	holds, args := holdsAll(words)
	rows, err := d.rows(ctx, `SELECT i.`+q.column+`, `+rowColumns+` FROM (SELECT * FROM invoice i`+w.String()+q.order("i")+` LIMIT ?) i
		JOIN search s ON s.n = i.n WHERE `+holds+q.order("i")+` LIMIT ?`, join(w.args, []any{near}, args, []any{q.limit}))
	if err != nil || len(rows) == q.limit {
		return rows, err
	}
	candidates, cargs := candidatesOf(words)
	var count int
	if err := d.one(ctx, `SELECT count(*) FROM (`+candidates+` LIMIT ?)`, join(cargs, []any{many}), &count); err != nil {
		return nil, err
	}
	if count == 0 {
		return nil, nil
	}
	if count < many {
		w.add("i.n IN (" + candidates + ")")
		w.args = append(w.args, cargs...)
		// LIMIT -1 keeps the planner from walking the list instead of the candidates.
		return d.rows(ctx, `SELECT i.`+q.column+`, `+rowColumns+` FROM (SELECT * FROM invoice i`+w.String()+` LIMIT -1) i
			CROSS JOIN search s ON s.n = i.n WHERE `+holds+q.order("i")+` LIMIT ?`, join(w.args, args, []any{q.limit}))
	}
	w.add(holds)
	w.args = append(w.args, args...)
	return d.rows(ctx, `SELECT i.`+q.column+`, `+rowColumns+` FROM invoice i CROSS JOIN search s ON s.n = i.n`+w.String()+q.order("i")+` LIMIT ?`,
		append(w.args, q.limit))
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

// candidatesOf gives a query for the row ids that may hold all words, read from
// the index by the longest one; the others are verified only.
func candidatesOf(words []string) (string, []any) {
	long := words[0]
	for _, w := range words[1:] {
		if utf8.RuneCountInString(w) > utf8.RuneCountInString(long) {
			long = w
		}
	}
	r := []rune(long)
	if len(r) < 3 {
		// Every character starts a trigram, so the word is a prefix of terms.
		return `SELECT DISTINCT doc FROM search_term WHERE term >= ? AND term < ?`, []any{long, long + "\U0010FFFF"}
	}
	var terms []string
	seen := map[string]bool{}
	for i := 0; i+3 <= len(r); i++ {
		if t := string(r[i : i+3]); !seen[t] {
			seen[t] = true
			terms = append(terms, `"`+strings.ReplaceAll(t, `"`, `""`)+`"`)
		}
	}
	return `SELECT rowid FROM search_index WHERE search_index MATCH ?`, []any{strings.Join(terms, " AND ")}
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
