package locale

import (
	"strings"
	"testing"
)

func TestBothLanguagesHoldTheSameKeys(t *testing.T) {
	c, err := New("zh")
	if err != nil {
		t.Fatal(err)
	}
	zh, en := c.Keys("zh"), c.Keys("en")
	if len(zh) < 50 {
		t.Fatalf("only %d texts", len(zh))
	}
	for k := range zh {
		if en[k] == "" {
			t.Errorf("%s has no English text", k)
		}
	}
	for k := range en {
		if whole, one := strings.CutSuffix(k, ".one"); one { // English alone has a form for one
			k = whole
		}
		if zh[k] == "" {
			t.Errorf("%s has no Chinese text", k)
		}
	}
	c.Use("en")
	if c.Language() != "en" || c.T("no.such.key") != "no.such.key" {
		t.Error("English is not in use")
	}
}

// On an Apple keyboard no text speaks of keys that are not there.
func TestAppleKeys(t *testing.T) {
	c, err := New("en")
	if err != nil {
		t.Fatal(err)
	}
	c.Apple()
	if got := c.T("key.new"); got != "Cmd N" {
		t.Errorf("new is %q", got)
	}
	for _, lang := range Languages {
		for key, text := range c.Keys(lang) {
			if strings.Contains(text, "Ctrl") || strings.Contains(text, "Alt+") {
				t.Errorf("%s %s: %q", lang, key, text)
			}
		}
	}
}

// One is not said in the plural, in English.
func TestOne(t *testing.T) {
	c, err := New("en")
	if err != nil {
		t.Fatal(err)
	}
	for n, want := range map[int]string{0: "Fixed — 0 invoices are going out now.", 1: "Fixed — 1 invoice is going out now.", 2: "Fixed — 2 invoices are going out now."} {
		if got := c.T("wizard.fixed", n); got != want {
			t.Errorf("%d: %q", n, got)
		}
	}
	if got := c.In("zh", "wizard.fixed", 1); got != "已修复——1 张发票正在上传。" {
		t.Error(got)
	}
	for k, text := range c.Keys("en") {
		if whole, one := strings.CutSuffix(k, ".one"); one && strings.Count(text, "%") != strings.Count(c.Keys("en")[whole], "%") {
			t.Errorf("%s takes other values than %s", k, whole)
		}
	}
}
