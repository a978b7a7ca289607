package wire

import (
	"bytes"
	"strings"
	"testing"
)

// An operation was hashed when it was frozen, perhaps by an older program that
// escaped more letters: what arrives must be those bytes.
func TestABodyTravelsByteForByte(t *testing.T) {
	for _, body := range []string{
		golden,
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

func TestBrokenTextIsStillSent(t *testing.T) {
	inv := sample()
	inv.Remark = "合同\xff"
	b, err := EncodeInvoice(inv)
	if err != nil {
		t.Fatal(err)
	}
	back, err := DecodeInvoice(b)
	if err != nil || back.Remark != "合同\ufffd" {
		t.Errorf("%q %v", back.Remark, err)
	}
}

func TestAmbiguousMessagesAreRefused(t *testing.T) {
	for _, bad := range []string{
		strings.Replace(golden, `"kind":"special"`, `"kind":"special","kind":"ordinary"`, 1),
		strings.Replace(golden, `苏`, "\xff", 1),
	} {
		if bad == golden || !bytes.Contains([]byte(bad), []byte(`"buyer"`)) {
			t.Fatal("the replacement went wrong")
		}
		if _, err := DecodeInvoice([]byte(bad)); err == nil {
			t.Errorf("accepted: %s", bad)
		}
	}
}
