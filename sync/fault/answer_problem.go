package fault

import (
	"encoding/json"
	"regexp"
	"strings"
	"time"
)

// said is what an answer that is no success says of itself.
type said struct {
	code  string // in lower case, words joined by "_"; empty: nothing
	until string // of a planned pause, as a time of day; empty: not said
}

var (
	authError = regexp.MustCompile(`error="?([A-Za-z0-9_.-]+)`)
	between   = strings.NewReplacer("-", "_", " ", "_", ".", "_")
)

// problem reads the problem document of an answer, also one that a server in front of
// ours wrote in another shape: {"code": …}, {"error": …} as OAuth has it, the last
// word of a "type", or what WWW-Authenticate says.
func problem(a Answer) (out said) {
	var body struct {
		Code, Error, Type, Maintenance json.RawMessage
	}
	// A body that is no document says nothing.
	_ = json.Unmarshal(a.Body, &body)
	for _, raw := range []json.RawMessage{body.Code, body.Error, body.Type} {
		if word := text(raw); out.code == "" && word != "" && word != "about:blank" {
			out.code = word[strings.LastIndexAny(word, "/#:")+1:]
		}
	}
	if m := authError.FindStringSubmatch(a.header("WWW-Authenticate")); out.code == "" && m != nil {
		out.code = m[1]
	}
	out.code = strings.ToLower(between.Replace(strings.TrimSpace(out.code)))
	if planned := string(body.Maintenance); planned != "" && planned != "null" && planned != "false" {
		out.code = "maintenance"
		out.until = untilOf(body.Maintenance)
	}
	return out
}

// text is a JSON text, or the "code" of an object; "" for anything else.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	var object struct {
		Code string `json:"code"`
	}
	// Not one either: nothing is said.
	_ = json.Unmarshal(raw, &object)
	return object.Code
}

// untilOf is when a planned pause ends, as a time of day here.
func untilOf(raw json.RawMessage) string {
	var pause struct {
		Until time.Time `json:"until"`
	}
	if err := json.Unmarshal(raw, &pause); err != nil || pause.Until.IsZero() {
		return ""
	}
	return pause.Until.Local().Format("15:04")
}
