package books

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"strings"
)

// Place is where a row stands in a sort order: its key, a text or a number, and
// the row behind it, which makes it unique.
type Place struct {
	Text   string `json:"t,omitempty"`
	Number int64  `json:"k,omitempty"`
	Row    int64  `json:"n"`
}

// Compare is negative when p comes before q in order o, 0 when it is the same place.
func (o Order) Compare(p, q Place) int {
	c := cmp.Or(strings.Compare(p.Text, q.Text), cmp.Compare(p.Number, q.Number), cmp.Compare(p.Row, q.Row))
	if o.Desc {
		return -c
	}
	return c
}

type placeText struct {
	By   string `json:"o"`
	Desc bool   `json:"d,omitempty"`
	Place
}

// Mark is a place in order o as List and ListBack take it.
func (o Order) Mark(p Place) string {
	data, _ := json.Marshal(placeText{o.By, o.Desc, p}) // texts and integers: cannot fail
	return base64.RawURLEncoding.EncodeToString(data)
}

// Place reads a mark; one of another order, or that is none, is *Error "page_invalid".
func (o Order) Place(mark string) (Place, error) {
	data, err := base64.RawURLEncoding.DecodeString(mark)
	var p placeText
	if err != nil || json.Unmarshal(data, &p) != nil || p.By != o.By || p.Desc != o.Desc {
		return Place{}, &Error{Code: "page_invalid", Text: "The place in the list is not known.", Hint: "Start again from the top of the list."}
	}
	return p.Place, nil
}
