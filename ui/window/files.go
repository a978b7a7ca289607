package window

import (
	"errors"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"

	"counterfoil/app/invoice"
	"counterfoil/ui/paper"
	"counterfoil/ui/viewmodel"
)

// pagesName matches the files of pages that were looked at or printed. Only the
// owner may read them, and they are removed when their session ends or, after a
// crash, when the next begins.
const pagesName = "preview*.html"

// sweepPages removes the pages of a folder.
func sweepPages(folder string) {
	all, _ := filepath.Glob(filepath.Join(escaped(folder), pagesName)) // the pattern is well-formed
	for _, name := range all {
		_ = os.Remove(name) // what cannot be removed now is tried again at the next start
	}
}

// escaped is a folder's name as a pattern that means it alone.
func escaped(folder string) string {
	return strings.NewReplacer("*", "[*]", "?", "[?]", "[", "[[]").Replace(folder)
}

// keepPages writes a page into a file of its own and returns its name.
func keepPages(folder string, html []byte) (string, error) {
	f, err := os.CreateTemp(folder, pagesName)
	if err != nil {
		return "", err
	}
	_, err = f.Write(html)
	if err = errors.Join(err, f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return filepath.Abs(f.Name())
}

// printOpen shows the invoice in the editor as a page in the system's browser,
// which prints it.
func (w *window) printOpen() {
	w.save()
	w.preview([]paper.Page{{Invoice: w.Editor.Invoice(), Sheet: w.Editor.Sheet()}}, nil)
}

// printChosen shows the invoices chosen in the list as pages.
func (w *window) printChosen() {
	ids := w.Invoices.Chosen()
	if len(ids) == 0 {
		return
	}
	go func() {
		var pages []paper.Page
		for _, id := range ids {
			st, err := w.d.Store.Invoice(w.ctx, id)
			var sheet invoice.Sheet
			if err == nil {
				sheet, err = invoice.Compute(st.Invoice)
			}
			if err != nil {
				w.post(func() { w.preview(nil, err) })
				return
			}
			pages = append(pages, paper.Page{Invoice: st.Invoice, Sheet: sheet})
		}
		w.post(func() { w.preview(pages, nil) })
	}()
}

// preview opens pages in the browser, or says why there are none.
func (w *window) preview(pages []paper.Page, err error) {
	var html []byte
	if err == nil {
		html, err = paper.Document(pages, w.words, w.d.Practising())
	}
	var file string
	if err == nil {
		file, err = keepPages(w.d.Dir, html)
	}
	if err == nil {
		err = w.app.OpenURL(&url.URL{Scheme: "file", Path: filepath.ToSlash(file)})
	}
	if err != nil {
		dialog.ShowInformation(w.words.T("shell.print"), w.words.T("paper.failed", viewmodel.Sentence(w.words, err)), w.win)
	}
}

// export asks for a file and writes the list into it.
func (w *window) export() {
	d := dialog.NewFileSave(func(f fyne.URIWriteCloser, err error) {
		failed := func(err error) {
			if err != nil {
				dialog.ShowInformation(w.words.T("invoices.export"), w.words.T("invoices.export.failed", viewmodel.Sentence(w.words, err)), w.win)
			}
		}
		if err != nil || f == nil {
			failed(err)
			return
		}
		ownersAlone(f.URI())
		w.Invoices.Export(f, failed)
	}, w.win)
	d.SetFileName("invoices-" + time.Now().Format("20060102") + ".csv")
	d.Show()
	w.win.Canvas().Unfocus() // Esc leaves the dialog, not its field
}

// ownersAlone closes a file that is about to be written to other users. Where
// the disk knows no owners there is nothing to close.
func ownersAlone(u fyne.URI) {
	if u.Scheme() == "file" {
		_ = os.Chmod(u.Path(), 0o600)
	}
}

// report shows what the report holds.
func (w *window) report() {
	w.Wizard.Stop()
	w.shell.Show("report")
}

// writeReport writes the report into the file that was chosen; f is nil where none was,
// err where it cannot be made. What went wrong is told.
func (w *window) writeReport(f fyne.URIWriteCloser, err error, write func(io.Writer) error) {
	if f == nil && err == nil {
		return
	}
	if err == nil {
		ownersAlone(f.URI())
		err = errors.Join(write(f), f.Close())
	}
	if err != nil {
		dialog.ShowInformation(w.words.T("connection.report"), w.words.T("report.failed", err), w.win)
	}
}

// saveReport asks for a file and writes the report that is shown into it.
func (w *window) saveReport() {
	write := w.Reporting.Save()
	if write == nil {
		return
	}
	d := dialog.NewFileSave(func(f fyne.URIWriteCloser, err error) { w.writeReport(f, err, write) }, w.win)
	d.SetFileName(w.Reporting.Name())
	d.Show()
	w.win.Canvas().Unfocus() // Esc leaves the dialog, not its field
}
