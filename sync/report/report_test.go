package report

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/mask"
	"counterfoil/sync/probe"
)

// secret is everything that a report must not tell, wherever it stands.
var secrets = []string{"invoice.ming.cn", "10.2.3.4", "wangfang", "91320594MA1XYZ2R7P", "1,234.50", "eyJhbGciOi", "geheim123", "13812345678"}

func source(t *testing.T) Source {
	t.Helper()
	told := "https://invoice.ming.cn:8443 10.2.3.4 /home/wangfang/x 91320594MA1XYZ2R7P ¥1,234.50 token=geheim123 eyJhbGciOi.abc.def 13812345678 <script>alert(1)</script>"
	r := probe.Report{
		Verdict: fault.Verdict{
			Finding: fault.Finding{Fault: "S01", Confidence: fault.Proven, Values: map[string]string{"date": "2026-11-22", "host": "invoice.ming.cn"}},
			Also:    []fault.Finding{{Fault: "K08", Confidence: fault.Likely}},
		},
		Checks:       []probe.Check{{ID: "tls", Title: fault.Text{ZH: "安全连接", EN: "Secure connection"}, State: probe.Bad, Result: told, MS: 12}},
		Observations: []fault.Observation{{Kind: "chain", Target: "10.2.3.4:443", Outcome: fault.No, Detail: told, Status: 401, RTT: 12, Values: map[string]string{"issuer": told, "wangfang": "x"}}},
	}
	return Source{
		Lang: "zh", Title: "报告 " + told, Sections: append([]Section{{"invoice.ming.cn", []string{told}}}, OfCheck(r, "zh")...),
		Data: r, Log: `{"msg":"state","error":"` + told + `"}` + "\n",
	}
}

// zipped writes the files and reads them back.
func zipped(t *testing.T, files []File) map[string]string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC), files); err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out[f.Name] = string(raw)
	}
	return out
}

func TestNothingIsTold(t *testing.T) {
	files, err := source(t).Files(mask.New(mask.Chinese, "wangfang"))
	if err != nil {
		t.Fatal(err)
	}
	all := zipped(t, files)
	for _, f := range files {
		all["shown "+f.Name] = f.Text
	}
	for name, text := range all {
		for _, s := range secrets {
			if strings.Contains(text, s) {
				t.Errorf("%s tells %s:\n%s", name, s, text)
			}
		}
	}
	page := all["report.html"]
	for _, want := range []string{"S01", "K08", "2026-11-22", "安全连接", "&lt;script&gt;"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if strings.Contains(page, "<script>") {
		t.Error("what was observed became part of the page")
	}
	var data struct{ Data struct{ Fault string } }
	if err := json.Unmarshal([]byte(all["report.json"]), &data); err != nil || data.Data.Fault != "S01" {
		t.Errorf("%+v, %v", data, err)
	}
	for _, l := range strings.Split(strings.TrimSpace(all["log.txt"]), "\n") {
		if !json.Valid([]byte(l)) {
			t.Errorf("the log has the line %s", l)
		}
	}
}

// What a person lets be seen is seen; secrets never.
func TestWhatIsKept(t *testing.T) {
	files, err := source(t).Files(mask.New(mask.Chinese, "wangfang").Keep(mask.Kinds...))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range zipped(t, files) {
		for _, s := range secrets {
			secret := s == "eyJhbGciOi" || s == "geheim123"
			if strings.Contains(text, s) == secret {
				t.Errorf("%s: %s is told: %v", name, s, !secret)
			}
		}
	}
}

// The texts of the rows, which say what is wrong, pass as they are.
func TestRowsPass(t *testing.T) {
	for _, lang := range []string{"zh", "en"} {
		m := mask.New(mask.English)
		for _, f := range fault.All() {
			texts := []fault.Text{f.Title, f.Sentence, f.Plain, f.Report}
			for _, s := range f.Steps {
				texts = append(texts, s.Text)
			}
			for _, text := range texts {
				if text := text.In(lang); m.Text(text) != text {
					t.Errorf("%s: %s\nbecomes %s", f.ID, text, m.Text(text))
				}
			}
		}
	}
}

// Fields of a log are masked by what they are called, too; the lines stay JSON, in the
// order of their fields, and what is no JSON is text.
func TestLog(t *testing.T) {
	m := mask.New(mask.English, "wangfang")
	in := `{"time":"2026-11-24T12:30:15+08:00","level":"INFO","msg":"line","error":"Get \"https://invoice.ming.cn\"","n":5,"deep":{"access_token":"short","list":["10.2.3.4"],"gross":1234.5},"password":null}` + "\r\n" +
		"panic: of wangfang at 10.2.3.4\n" + `{"cut off": "10.2.3.4` + "\n" + `{"a":1} wangfang` + "\nlast of wangfang"
	want := `{"time":"2026-11-24T12:30:15+08:00","level":"INFO","msg":"line","error":"Get \"https://host-1\"","n":5,"deep":{"access_token":"***","list":["address-1"],"gross":"***"},"password":null}` + "\r\n" +
		"panic: of name-1 at address-1\n" + `{"cut off": "address-1` + "\n" + `{"a":1} name-1` + "\nlast of name-1"
	if got := maskedLog(in, m); got != want {
		t.Errorf("\n is %s\nwant %s", got, want)
	}
}
