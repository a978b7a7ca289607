package viewmodel

import (
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
	src.f = ConnectionFacts{Connected: true, Online: true, LastSync: noon}
	c.Refresh()
	if c.Headline() != "connection.online" || c.State() != LampGood || !strings.HasPrefix(c.Sentence(), "connection.all_synced") {
		t.Fatal("online:", c.Headline(), c.Sentence())
	}
	src.f.CertificateEnd = noon.Add(6*24*time.Hour + time.Minute)
	c.Refresh()
	if c.Headline() != "connection.ends[6]" || c.State() != LampSlow || !strings.HasPrefix(c.Sentence(), "connection.who.server") {
		t.Fatal("ending:", c.Headline(), c.Sentence())
	}
	src.f = ConnectionFacts{Connected: true, Fault: "S01", What: Bilingual{ZH: "证书过期 host.example"}, Who: WhoServer, Waiting: 12,
		WaitingGross: decimal.RequireFromString("86204.1"), OldestWaiting: noon.Add(-51 * time.Minute), NextTry: noon.Add(42 * time.Second),
		CertificateEnd: noon.Add(6*24*time.Hour + time.Minute), Requests: 10, Availability: 0.9641, Success: 1, P99: time.Second,
		Buckets: []Bucket{{}, {OK: 1, Median: 50 * time.Millisecond}, {OK: 1, Median: time.Second}, {Failed: 1}},
		Events:  []ConnectionEvent{{At: noon.Add(-24 * time.Hour), Text: Bilingual{ZH: "a@b.cn"}}},
		Changes: []ConnectionChange{{Text: Bilingual{ZH: "same"}}, {Changed: true, Text: Bilingual{ZH: "changed"}}}, Names: []string{"host.example"}}
	src.f.Lamps[0] = Lamp{State: LampGood, Took: time.Millisecond}
	c.Refresh()
	if !strings.Contains(c.Sentence(), "connection.who.server") || !strings.Contains(c.Sentence(), "86,204.10") {
		t.Fatal(c.Sentence())
	}
	tiles := c.Tiles()
	if tiles[0].Figure != "96.41 %" || tiles[0].State != LampBad || tiles[4].Figure != "0:42" || tiles[5].State != LampBad || tiles[3].Note != "connection.tile.waiting.oldest[connection.span.minutes[51]]" {
		t.Fatalf("%+v", tiles)
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
