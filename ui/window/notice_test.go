package window

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"counterfoil/app/locale"
	"counterfoil/sync/desk"
	"counterfoil/sync/fault"
)

// The desktop is told only where the clerk wants that.
func TestNoticesOnTheDesktop(t *testing.T) {
	r := newRig(t, Options{Folder: desk.Folder{Dir: t.TempDir(), Practice: true}})
	row, _ := fault.Lookup("S01")
	test.AssertNotificationSent(t, nil, func() { r.w.notice(desk.Notice{Row: row}) })
	r.w.Settings.SetNotices(true)
	test.AssertNotificationSent(t, fyne.NewNotification("存根开票", row.Title.ZH), func() { r.w.notice(desk.Notice{Row: row}) })
	test.AssertNotificationSent(t, fyne.NewNotification("存根开票", r.w.words.T("notice.over")), func() { r.w.notice(desk.Notice{Row: row, Over: true}) })
	r.until("it is kept", func() bool { return r.w.Settings.Saved() })
}

// Nothing that a shell would read stands in a text that a notice may show.
func TestNoticesAreHarmless(t *testing.T) {
	words, err := locale.New("zh")
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range locale.Languages {
		texts := []string{words.In(lang, "notice.over"), words.In(lang, "shell.name")}
		for _, row := range fault.All() {
			texts = append(texts, row.Title.In(lang))
		}
		for _, s := range texts {
			if s == "" || strings.ContainsAny(s, "$`\"\n{") {
				t.Errorf("%q", s)
			}
		}
	}
}
