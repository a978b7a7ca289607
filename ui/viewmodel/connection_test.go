package viewmodel

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
)

type facts struct {
	f    ConnectionFacts
	sent int
}

func (f *facts) Facts() ConnectionFacts { return f.f }
func (f *facts) Send()                  { f.sent++ }

func (f *facts) Snooze(key string, until time.Time) {
	for i := range f.f.Attention {
		if a := &f.f.Attention[i]; a.Key == key {
			a.Until = until
		}
	}
}

func (f *facts) TakeBack(key string) {
	f.f.Workarounds = slices.DeleteFunc(f.f.Workarounds, func(x Workaround) bool { return x.Key == key })
}

// What is worked around is shown for as long as it is, and taken back.
func TestWorkarounds(t *testing.T) {
	_, s := newWindow(t)
	src := &facts{f: ConnectionFacts{Workarounds: []Workaround{{Key: "http1", Text: Bilingual{ZH: "改用 HTTP/1.1"}, Since: noon}, {Key: "ipv4_only", Since: noon}}}}
	c := NewConnection(s, src)
	l := c.Workarounds()
	if len(l) != 2 || l[0] != (WorkaroundLine{"http1", "改用 HTTP/1.1", "connection.workaround.since[" + noon.Local().Format("15:04") + "]"}) {
		t.Fatalf("%+v", l)
	}
	c.TakeBack(l[0])
	if l = c.Workarounds(); len(l) != 1 || l[0].Key != "ipv4_only" {
		t.Errorf("%+v", l)
	}
}

func TestSendNow(t *testing.T) {
	_, s := newWindow(t)
	src := &facts{}
	c := NewConnection(s, src)
	if c.Send(); src.sent != 0 || c.CanSend() {
		t.Fatal("sent without a server")
	}
	src.f.Connected, src.f.NextTry = true, noon.Add(26*time.Minute)
	c.Refresh()
	if c.Send(); src.sent != 1 || !c.CanSend() {
		t.Fatal("not sent:", src.sent)
	}
	src.f.Sending = true
	if c.Refresh(); c.CanSend() {
		t.Fatal("a round is under way")
	}
}

func TestConnectionWords(t *testing.T) {
	_, s := newWindow(t)
	src := &facts{}
	c := NewConnection(s, src)
	if c.Headline() != "connection.none" || c.State() != LampUnknown || c.Tiles()[0].Figure != "–" {
		t.Fatal("not connected:", c.Headline(), c.Tiles()[0])
	}
	src.f = ConnectionFacts{Connected: true, Unseen: true}
	if c.Refresh(); c.Headline() != "connection.unseen" || c.State() != LampUnknown {
		t.Fatal("just started:", c.Headline())
	}
	src.f = ConnectionFacts{Connected: true, Online: true, LastSync: noon}
	c.Refresh()
	if c.Headline() != "connection.online" || c.State() != LampGood || !strings.HasPrefix(c.Sentence(), "connection.all_synced") {
		t.Fatal("online:", c.Headline(), c.Sentence())
	}
	src.f.Attention = []Attention{{Key: "server_certificate", State: LampSlow, Who: WhoServer, Due: noon.Add(6 * 24 * time.Hour), Text: Bilingual{ZH: "证书还有 6 天"}, Page: "connection"}}
	c.Refresh()
	if c.Headline() != "证书还有 6 天" || c.State() != LampSlow || c.Whose() != "wizard.who.server" || !strings.HasPrefix(c.Sentence(), "connection.all_synced") {
		t.Fatal("ending:", c.Headline(), c.Sentence())
	}
	src.f = ConnectionFacts{Connected: true, Offline: true, Fault: "S01", Title: Bilingual{ZH: "证书过期"}, What: Bilingual{ZH: "证书过期 host.example。"}, Who: WhoServer, Waiting: 12,
		WaitingGross: decimal.RequireFromString("86204.1"), OldestWaiting: noon.Add(-51 * time.Minute), NextTry: noon.Add(42 * time.Second),
		CertificateEnd: noon.Add(6*24*time.Hour + time.Minute), Day: Quality{Requests: 10, Availability: 0.96419, Success: 1, P99: time.Second}, Goals: Goals{0.9995, 0.999, 200 * time.Millisecond, 800 * time.Millisecond},
		Offset: 3 * time.Minute, Offsets: true,
		Buckets: []Bucket{{}, {OK: 1, Median: 50 * time.Millisecond}, {OK: 1, Median: time.Second}, {Failed: 1}},
		Events:  []ConnectionEvent{{At: noon.Add(-24 * time.Hour), Text: Bilingual{ZH: "a@b.cn"}}},
		Changes: []ConnectionChange{{Text: Bilingual{ZH: "same"}}, {Changed: true, Text: Bilingual{ZH: "changed"}}}, Names: []string{"host.example"}}
	src.f.Lamps[0] = Lamp{State: LampGood, Took: time.Millisecond}
	c.Refresh()
	if c.Headline() != "证书过期" || c.Whose() != "wizard.who.server" || c.Sentence() != "证书过期 host.example。connection.waiting[12 86,204.10]" {
		t.Fatal(c.Headline(), c.Whose(), c.Sentence())
	}
	tiles := c.Tiles()
	if tiles[0].Figure != "96.41 %" || tiles[0].State != LampBad || tiles[4].Figure != "0:42" || tiles[6].State != LampBad || tiles[5].State != LampSlow || tiles[5].Note != "connection.tile.clock.slow" || tiles[0].Note != "connection.tile.goal[99.95 %]" || tiles[3].Note != "connection.tile.waiting.oldest[connection.span.minutes[51]]" {
		t.Fatalf("%+v", tiles)
	}
	if q := c.QualityRows(); len(q) != 4 || q[0].Cells[0].Text != "–" || !q[1].Cells[0].Missed || q[1].Cells[1].Missed || !q[1].Cells[4].Missed || q[3].Cells[4].Text != "200 ms" || len(c.QualityHead()) != len(q[0].Cells) {
		t.Fatalf("%+v", q)
	}
	if l := c.Lamps(); l[0].Note != "1 ms" || l[4].Note != "connection.lamp.unchecked" {
		t.Fatalf("%+v", l)
	}
	want := []LampState{LampUnknown, LampGood, LampSlow, LampBad}
	for i, b := range c.Bars() {
		if b.State != want[i] || b.Height <= 0 || b.Height > 1 {
			t.Fatalf("bar %d: %+v", i, b)
		}
	}
	if got := c.WhatChanged(); got[0].Text != "changed" || len(c.Timeline()) != 1 {
		t.Fatalf("%+v", got)
	}
	if r := c.Head(); !strings.Contains(r, "S01") {
		t.Fatal(r)
	}
}

func TestMasked(t *testing.T) {
	in := "Bearer abc.def token=xyz 91310000MA1FL0ABCD 13812345678 /home/li/x C:\\Users\\li\\x 王五 eyJhbGciOi.eyJzdWIi.sig"
	got := Masked(plain{}, in, []string{"王五", ""})
	for _, s := range []string{"abc.def", "xyz", "91310000MA1FL0ABCD", "13812345678", "/li", "\\li", "王五", "eyJ"} {
		if strings.Contains(got, s) {
			t.Errorf("%q is still in %q", s, got)
		}
	}
}

// What is put off no longer colours anything, and comes back.
func TestSnoozed(t *testing.T) {
	_, s := newWindow(t)
	src := &facts{f: ConnectionFacts{Connected: true, Online: true, LastSync: noon, Attention: []Attention{
		{Key: "server_certificate", State: LampSlow, Who: WhoServer, Due: noon.Add(6 * 24 * time.Hour), Text: Bilingual{ZH: "证书还有 6 天"}},
	}}}
	c := NewConnection(s, src)
	l := c.Attentions()[0]
	if c.State() != LampSlow || l.More != "attention.who.server · attention.due["+noon.Add(6*24*time.Hour).Local().Format("2006-01-02")+"]" {
		t.Fatalf("%s %+v", c.State(), l)
	}
	c.Snooze(l)
	l = c.Attentions()[0]
	if c.State() != LampGood || c.Headline() != "connection.online" || !l.Snoozed || !src.f.Attention[0].Until.Equal(noon.Add(24*time.Hour)) {
		t.Fatalf("%s %+v", c.State(), l)
	}
	c.Snooze(l)
	if c.State() != LampSlow || c.Attentions()[0].Snoozed {
		t.Fatalf("%s %+v", c.State(), c.Attentions())
	}
}

// What is said of the invoices fits how the line is: they wait, are going out, or all
// went out before; the clerk is led where the clerk acts.
func TestConnectionSentence(t *testing.T) {
	_, s := newWindow(t)
	src := &facts{}
	c := NewConnection(s, src)
	at := noon.Local().Format("15:04")
	for _, x := range []struct {
		f    ConnectionFacts
		want string
	}{
		{ConnectionFacts{Connected: true, Offline: true, Fault: "K03", Who: WhoYou, What: Bilingual{ZH: "没有证书。"}, LastSync: noon}, "没有证书。connection.guidedconnection.work_on[" + at + "]"},
		{ConnectionFacts{Connected: true, Online: true, Fault: "P01", Who: WhoServer, What: Bilingual{ZH: "很慢。"}, LastSync: noon}, "很慢。connection.all_synced[" + at + "]"},
		{ConnectionFacts{Connected: true, Online: true, Waiting: 2, LastSync: noon}, "connection.going[2 0.00]"},
		{ConnectionFacts{Connected: true, Waiting: 2, LastSync: noon}, "connection.waiting[2 0.00]"},
		{ConnectionFacts{Connected: true, Unseen: true}, "connection.nothing_waits"},
	} {
		src.f = x.f
		if c.Refresh(); c.Sentence() != x.want {
			t.Errorf("%q, not %q", c.Sentence(), x.want)
		}
	}
}

// A round under way has no next try: it is now.
func TestNextTryNow(t *testing.T) {
	_, s := newWindow(t)
	c := NewConnection(s, &facts{f: ConnectionFacts{Connected: true, Online: true, Sending: true}})
	if n := c.Tiles()[4]; n.Figure != "connection.tile.next.now" {
		t.Errorf("%+v", n)
	}
}

// The report says what is now, not what was when the page was shown last.
func TestHeadIsFresh(t *testing.T) {
	_, s := newWindow(t)
	src := &facts{f: ConnectionFacts{Connected: true, Online: true, LastSync: noon}}
	c := NewConnection(s, src)
	src.f = ConnectionFacts{Connected: true, Offline: true, Fault: "H17", Title: Bilingual{ZH: "服务器出错"}, Who: WhoServer}
	if h := c.Head(); !strings.Contains(h, "H17") || !strings.Contains(h, "服务器出错") {
		t.Error(h)
	}
}
