package fault

import (
	"strings"
	"testing"
)

// The text for others can be sent as it is, whatever was measured: it never shows a
// placeholder, a question mark in its place or an empty bracket.
func TestTell(t *testing.T) {
	n := 0
	for _, f := range All() {
		for _, lang := range []string{"zh", "en"} {
			if f.Report.In(lang) == "" {
				continue
			}
			for _, values := range []map[string]string{{"host": "invoice.example"}, {"host": "invoice.example", "address": "10.1.2.3:443"}} {
				n++
				got := f.Tell(lang, values)
				own := strings.Count(f.Report.In(lang)+f.Sentence.In(lang)+f.Plain.In(lang), "?")
				if got == "" || strings.ContainsAny(got, "{}") || strings.Count(got, "?") > own || strings.Contains(got, "（）") || strings.Contains(got, "()") || strings.Contains(got, "  ") {
					t.Errorf("%s %s %v: %q", f.ID, lang, values, got)
				}
				if end := strings.TrimRight(got, "。.！?"); end == got || strings.HasSuffix(end, "，") || strings.HasSuffix(end, ",") {
					t.Errorf("%s %s %v ends oddly: %q", f.ID, lang, values, got)
				}
			}
		}
	}
	if n < 200 {
		t.Errorf("only %d texts", n)
	}
	f := Fault{Report: Text{ZH: "{host} 返回 {status}，请求编号 {request}。请查（{ip}）日志。编号 {x}。", EN: "{host} says {status}, request {request}. See the log ({ip})."}, Sentence: Text{ZH: "服务器出错。", EN: "The server fails."}}
	for want, values := range map[string]map[string]string{
		"h 返回 500，请求编号 7。请查（1）日志。": {"host": "h", "status": "500", "request": "7", "ip": "1"},
		"h 返回 500。请查日志。":           {"host": "h", "status": "500"},
		"服务器出错。请查日志。":              {"host": "h"},
	} {
		if got := f.Tell("zh", values); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
	if got := f.Tell("en", map[string]string{"host": "h", "status": "500"}); got != "h says 500. See the log." {
		t.Error(got)
	}
}
