package document

import (
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// MaxList is how many entries a list of a body or a message may have. A few
// kilobytes can say millions of them, so they are counted while they are read.
const MaxList = 2000

// ErrTooMany says that a list has more than MaxList entries.
var ErrTooMany = fmt.Errorf("a list has more than %d entries", MaxList)

// List is a JSON array of at most MaxList entries.
type List[T any] []T

// UnmarshalJSONFrom reads entry by entry. Too many return an error that wraps ErrTooMany.
func (l *List[T]) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	if k := dec.PeekKind(); k != '[' {
		if k == 'n' {
			*l = nil
			_, err := dec.ReadToken()
			return err
		}
		return json.UnmarshalDecode(dec, (*[]T)(l)) // says what is there instead
	}
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	*l = List[T]{}
	for dec.PeekKind() != ']' {
		if len(*l) == MaxList {
			return ErrTooMany
		}
		var one T
		if err := json.UnmarshalDecode(dec, &one); err != nil {
			return err
		}
		*l = append(*l, one)
	}
	_, err := dec.ReadToken()
	return err
}
