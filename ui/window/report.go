package window

import (
	"context"
	"io"
	"runtime"
	"strings"
	"time"

	"counterfoil/app/locale"
	"counterfoil/sync/desk"
	"counterfoil/sync/journal"
	"counterfoil/sync/mask"
	"counterfoil/sync/probe"
	"counterfoil/sync/report"
	"counterfoil/ui/viewmodel"
)

// logLines are those of the log that go into a report.
const logLines = 500

// reporter makes the report of the page.
type reporter struct {
	check   *selfCheck
	words   *locale.Catalog
	version string
}

// Make looks for the fault where no self-check did before.
func (r reporter) Make(ctx context.Context, head string, keep []mask.Kind) (viewmodel.ReportDraft, error) {
	last := r.check.last.Load()
	if last == nil {
		found := r.check.look(ctx, nil)
		r.check.d.Found(found)
		last = &found
	}
	lang, words := r.words.Language(), mask.Chinese
	if lang == "en" {
		words = mask.English
	}
	log, err := journal.Tail(r.check.d.Dir, logLines)
	if err != nil {
		log = err.Error()
	}
	now := time.Now()
	about := report.Section{Title: r.words.T("connection.title"), Lines: strings.Split(strings.TrimSpace(head), "\n")}
	about.Lines = append(about.Lines, "Counterfoil "+r.version+" · "+runtime.GOOS+"/"+runtime.GOARCH)
	files, err := report.Source{
		Lang: lang, Title: r.words.T("connection.report") + " · " + now.Format("2006-01-02 15:04"),
		Sections: append([]report.Section{about}, report.OfCheck(*last, lang)...),
		Data:     probe.SelfcheckJSON(*last, func(text string) string { return text }), // Files masks
		Log:      log,
	}.Files(mask.New(words, desk.Personal(r.check.d.Dir, r.check.d.URL())...).Keep(keep...))
	if err != nil {
		return viewmodel.ReportDraft{}, err
	}
	out := viewmodel.ReportDraft{Write: func(w io.Writer) error { return report.Write(w, now, files) }}
	for _, f := range files {
		out.Files = append(out.Files, viewmodel.ReportFile{Name: f.Name, Text: f.Text})
	}
	return out, nil
}
