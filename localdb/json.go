package localdb

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// What is stored can always be read again: a letter that is no UTF-8 becomes
// U+FFFD on the way in, and is let through on the way out.
var lenient = json.JoinOptions(json.Deterministic(true), jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))

func marshal(v any) ([]byte, error) { return json.Marshal(v, lenient) }

func unmarshal(data []byte, v any) error { return json.Unmarshal(data, v, lenient) }
