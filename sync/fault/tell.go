package fault

import (
	"regexp"
	"strings"
)

// Tell returns the text for who must act, in "zh" or "en"; empty where the row has none.
// What would need a value that nobody knows is left out: a remark in brackets, a clause,
// a sentence. Where the first sentence needs it, the row's own sentence stands in.
func (f Fault) Tell(lang string, values map[string]string) string {
	text := bracketed.ReplaceAllStringFunc(f.Report.In(lang), func(s string) string {
		if filled(s, values) {
			return s
		}
		return ""
	})
	var out []string
	for i, s := range sentences(text) {
		s = clauses(s, values)
		switch {
		case filled(s, values):
			out = append(out, Render(s, values))
		case i == 0:
			out = append(out, f.Say(lang, values))
		}
	}
	if lang == "en" {
		return strings.Join(out, " ")
	}
	return strings.Join(out, "")
}

var bracketed = regexp.MustCompile(`（[^（）]*）| ?\([^()]*\)`)

// sentences cuts a text behind the ends of its sentences.
func sentences(text string) (out []string) {
	if text == "" {
		return nil
	}
	text = strings.ReplaceAll(text, "。", "。\x00")
	text = strings.ReplaceAll(text, ". ", ".\x00")
	for _, s := range strings.Split(text, "\x00") {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// clauses leaves out those behind the first that need a value that is not known; where
// the first needs one, nothing.
func clauses(s string, values map[string]string) string {
	for _, sep := range []string{"，", ", "} {
		all := strings.Split(s, sep)
		if len(all) == 1 || !filled(all[0], values) {
			continue
		}
		kept := all[:1:1]
		for _, c := range all[1:] {
			if filled(c, values) {
				kept = append(kept, c)
			}
		}
		if cut := all[len(all)-1]; !filled(cut, values) { // the end of the sentence went with it
			end := "."
			if sep == "，" {
				end = "。"
			}
			kept[len(kept)-1] = strings.TrimRight(kept[len(kept)-1], ".。") + end
		}
		s = strings.Join(kept, sep)
	}
	return s
}
