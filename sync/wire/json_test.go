package wire

import (
	"testing"
)

// An operation was hashed when it was frozen, perhaps by an older program that
// escaped more letters: what arrives must be those bytes.
func TestABodyTravelsByteForByte(t *testing.T) {
	for _, body := range []string{
		`{"id":"i","lines":[{"rate":"0.13"}]}`,
		`{"remark":"a\u003cb\u0026c \/ \u4e2d 中","lines":[],"x":1.50}`,
		`{"remark":"<&>\u2028"}`,
	} {
		message, err := Marshal(PushRequest{Operations: []Operation{{Hash: Hash([]byte(body)), Body: []byte(body)}}})
		if err != nil {
			t.Fatal(err)
		}
		var got PushRequest
		if err := Unmarshal(message, &got); err != nil {
			t.Fatal(err)
		}
		if op := got.Operations[0]; Hash(op.Body) != op.Hash {
			t.Errorf("sent %s\ngot  %s", body, op.Body)
		}
	}
}
