package xwidget

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"
)

// A Chinese character counts two.
func columns(s string) (w float32) {
	for _, r := range s {
		if w++; r > 0x2e80 {
			w++
		}
	}
	return w
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		text  string
		width float32
		want  []string
	}{
		{"一行就够", 20, []string{"一行就够"}},
		{"证书「localhost」将在 5 天后到期。", 24, []string{"证书「localhost」将在 5", "天后到期。"}},
		{"发票服务器使用的证书将在 5 天后到期。", 26, []string{"发票服务器使用的证书将在 5", "天后到期。"}},
		{"请及时更新，否则无法同步。", 12, []string{"请及时更新，", "否则无法同", "步。"}},
		{"放行（公网地址）就好", 6, []string{"放行", "（公网", "地址）", "就好"}},
		{"Nothing for you to do - work on", 12, []string{"Nothing for", "you to do -", "work on"}},
		{"id 01a22fa74a487897bd8f", 10, []string{"id", "01a22fa74a", "487897bd8f"}},
		{"一\n二", 20, []string{"一", "二"}},
		{"", 20, []string{""}},
	} {
		if got := wrap(c.text, c.width, columns); !slices.Equal(got, c.want) {
			t.Errorf("%q in %v: %q", c.text, c.width, got)
		}
	}
}

// Nothing is lost and nothing is wider than the line, whatever the width.
func TestWrapKeepsEverything(t *testing.T) {
	bare := strings.NewReplacer(" ", "", "\n", "")
	for _, text := range []string{
		"「Fortinet CA」在拆开到 127.0.0.1 的加密连接，开票程序拒绝这样的连接。请在该软件或网关里为 127.0.0.1 关闭 HTTPS 扫描（加入例外）。",
		"Server 127.0.0.1 (127.0.0.1:443) is on, but refuses: the service is not running.", "（（（", "。。。。", "a（b）c：“d”", "¥ 86,204.10",
	} {
		for w := float32(2); w < 60; w++ {
			lines := wrap(text, w, columns)
			if got := bare.Replace(strings.Join(lines, "")); got != bare.Replace(text) {
				t.Fatalf("%q at %v: %q", text, w, lines)
			}
			for _, l := range lines[1:] {
				if first, _ := utf8.DecodeRuneInString(l); w > 30 && strings.ContainsRune("，。、；：）」", first) {
					t.Errorf("%q at %v: a line begins %q", text, w, l)
				}
			}
		}
	}
}

func TestProseGrowsAsItNarrows(t *testing.T) {
	test.NewTempApp(t)
	p := NewProse(strings.Repeat("照常开票，恢复后自动上传。", 6), false, theme.ColorNameForeground, theme.SizeNameText)
	p.Resize(fyne.NewSize(2000, 20))
	one := p.MinSize().Height
	p.Resize(fyne.NewSize(200, 20))
	if many := p.MinSize().Height; many < 3*one {
		t.Errorf("%v high at 2000, %v at 200", one, many)
	}
}
