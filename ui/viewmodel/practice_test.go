package viewmodel

import (
	"context"
	"sync"
	"testing"
)

type school struct {
	mu sync.Mutex
	on bool
}

func (s *school) Faults() []PracticeFault {
	s.mu.Lock()
	defer s.mu.Unlock()
	return []PracticeFault{{ID: "S01", Layer: "secure", Title: Bilingual{ZH: "服务器证书过期", EN: "Certificate expired"}, Words: "ssl CERT_EXPIRED", On: s.on}, {ID: "B01", Layer: "server", Title: Bilingual{ZH: "数据库不可用", EN: "Database down"}},
		{ID: "K03", Layer: "pc", Title: Bilingual{ZH: "密码库里没有 CA", EN: "CA missing from the keyring"}}}
}
func (s *school) Set(_ context.Context, _ string, on bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.on = on
	return nil
}
func (s *school) EditDraft(context.Context) (string, error) { return "R1", nil }

func TestPractice(t *testing.T) {
	w, s := newWindow(t)
	m := NewPractice(s, &school{})
	m.Set(context.Background(), "S01", true)
	if !m.Busy("S01") {
		t.Fatal("not busy")
	}
	w.until("switched", func() bool { return m.Faults()[0].On && !m.Busy("S01") })
	m.SecondBranchEdits(context.Background())
	w.until("edited", func() bool { return m.Message() == "practice.edited[R1]" })
}

// Faults stand by where they lie, and are found by number, name in both languages
// and words; all that are on are switched off at once.
func TestPracticeGroups(t *testing.T) {
	w, s := newWindow(t)
	m := NewPractice(s, &school{on: true})
	for text, want := range map[string]string{"": "K03 S01 B01 ", "s01": "S01 ", "证书": "S01 ", "certificate SSL": "S01 ", "cert_exp": "S01 ", "ca ": "K03 S01 ", "数据库": "B01 ", "ssl down": "", "  ": "K03 S01 B01 "} {
		m.Find(text)
		got := ""
		for _, g := range m.Groups() {
			for _, f := range g.Faults {
				if f.Layer != g.Layer {
					t.Errorf("%s stands under %s", f.ID, g.Layer)
				}
				got += f.ID + " "
			}
		}
		if got != want {
			t.Errorf("%q finds %q, want %q", text, got, want)
		}
	}
	if on := m.On(); len(on) != 1 || on[0].ID != "S01" {
		t.Fatalf("%+v", on)
	}
	m.AllOff(context.Background())
	w.until("all off", func() bool { return len(m.On()) == 0 && !m.Busy("S01") })
}
