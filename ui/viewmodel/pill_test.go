package viewmodel

import (
	"testing"
	"time"
)

func TestPill(t *testing.T) {
	_, s := newWindow(t)
	expired := Bilingual{ZH: "证书已过期"}
	ending := Bilingual{ZH: "还有 6 天到期"}
	at := noon.Local().Format("15:04")
	for name, c := range map[string]struct {
		f       ConnectionFacts
		keyring string
		want    Pill
	}{
		"none":    {ConnectionFacts{}, "os", Pill{LampUnknown, "pill.none", "pill.click", ""}},
		"new":     {ConnectionFacts{Connected: true, Unseen: true, Day: Quality{Requests: 9}}, "os", Pill{LampUnknown, "pill.unknown", "pill.click", ""}},
		"online":  {ConnectionFacts{Connected: true, Online: true, LastSync: noon, CertificateEnd: noon.AddDate(1, 0, 0)}, "os", Pill{LampGood, "pill.online[" + at + "]", "pill.click", ""}},
		"file":    {ConnectionFacts{Connected: true, Online: true, LastSync: noon}, "file", Pill{LampGood, "pill.online[" + at + "]", "pill.keyring.file", ""}},
		"ending":  {ConnectionFacts{Connected: true, Online: true, LastSync: noon, Attention: []Attention{{State: LampSlow, Text: ending}}}, "memory", Pill{LampSlow, "pill.attention", "还有 6 天到期", ""}},
		"snoozed": {ConnectionFacts{Connected: true, Online: true, LastSync: noon, Attention: []Attention{{State: LampSlow, Text: ending, Until: noon}}}, "os", Pill{LampGood, "pill.online[" + at + "]", "pill.click", ""}},
		"remark":  {ConnectionFacts{Connected: true, Online: true, LastSync: noon, Attention: []Attention{{Text: ending}}}, "memory", Pill{LampGood, "pill.online[" + at + "]", "还有 6 天到期", ""}},
		"fault":   {ConnectionFacts{Connected: true, Offline: true, Day: Quality{Requests: 9}, Fault: "S01", Title: expired, Waiting: 12, CertificateEnd: noon.Add(-time.Hour)}, "memory", Pill{LampBad, "pill.offline[12]", "证书已过期", "pill.send"}},
		"notice":  {ConnectionFacts{Connected: true, Online: true, LastSync: noon, Fault: "P01", Title: Bilingual{ZH: "响应慢"}}, "os", Pill{LampSlow, "pill.attention", "响应慢", ""}},
		"young":   {ConnectionFacts{Connected: true, Fault: "S01", Title: expired, Waiting: 1}, "os", Pill{LampSlow, "pill.degraded[1]", "证书已过期", "pill.send"}},
		"no row":  {ConnectionFacts{Connected: true, Offline: true, Waiting: 1}, "os", Pill{LampBad, "pill.offline[1]", "pill.click", "pill.send"}},
		"fresh":   {ConnectionFacts{Connected: true, Online: true, LastSync: noon, Waiting: 1, OldestWaiting: noon.Add(-time.Second)}, "os", Pill{LampGood, "pill.online[" + at + "]", "pill.click", ""}},
		"stays":   {ConnectionFacts{Connected: true, Online: true, LastSync: noon, Waiting: 1, OldestWaiting: noon.Add(-time.Minute)}, "os", Pill{LampGood, "pill.online[" + at + "]", "pill.click", "pill.send"}},
		"shaky":   {ConnectionFacts{Connected: true, Day: Quality{Requests: 9}, Waiting: 2}, "os", Pill{LampSlow, "pill.degraded[2]", "pill.click", "pill.send"}},
	} {
		if got := NewPill(s.Words, c.f, c.keyring, noon); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}
