package engine

import (
	"fmt"

	"counterfoil/app/books"
	"counterfoil/sync/wire"
)

// errAnswers says that the answers of a batch are not those of its operations.
// Nothing of them is applied; the same operations are asked again.
func errAnswers(format string, args ...any) error {
	return &books.Error{
		Code: "answers_foreign", Text: "the server's answers do not belong to what was asked: " + fmt.Sprintf(format, args...),
		Hint: "nothing was taken from them and everything is asked again; tell IT if it stays",
	}
}

// match returns the answers of a batch in the order of its operations, whatever
// order they came in. One that is missing, foreign or given twice refuses all, and so
// does an answer without an epoch: what came may be another page.
func (b *batch) match() ([]wire.Answer, error) {
	if b.ans.Epoch == "" {
		return nil, errAnswers("they do not say of which state of the server they are")
	}
	place := make(map[string]int, len(b.ops))
	for i, o := range b.ops {
		place[wire.OperationID(b.device, o.Seq)] = i
	}
	out, seen := make([]wire.Answer, len(b.ops)), make([]bool, len(b.ops))
	for _, a := range b.ans.Answers {
		i, ours := place[a.OperationID]
		switch {
		case !ours:
			return nil, errAnswers("%q was not asked", a.OperationID)
		case seen[i]:
			return nil, errAnswers("%q is answered twice", a.OperationID)
		}
		out[i], seen[i] = a, true
	}
	if n := len(b.ops) - len(b.ans.Answers); n > 0 {
		return nil, errAnswers("%d of %d are missing", n, len(b.ops))
	}
	return out, nil
}
