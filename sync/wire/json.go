package wire

import (
	"io"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// encoding keeps the bytes of a body that travels inside a message, so that its
// hash holds, and gives equal documents equal bytes. A letter that is no UTF-8
// becomes U+FFFD rather than an invoice that cannot be sent.
var encoding = json.JoinOptions(json.Deterministic(true), jsontext.PreserveRawStrings(true), jsontext.AllowInvalidUTF8(true))

// Marshal returns the JSON of a message.
func Marshal(message any) ([]byte, error) { return json.Marshal(message, encoding) }

// MarshalWrite writes the JSON of a message to w.
func MarshalWrite(w io.Writer, message any) error { return json.MarshalWrite(w, message, encoding) }

// Unmarshal reads one message. A name that stands twice and text that is no
// UTF-8 are errors: two programs could read them differently.
func Unmarshal(raw []byte, message any) error { return json.Unmarshal(raw, message) }
