package window

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"counterfoil/app/invoice"
	"counterfoil/app/settings"
	"counterfoil/sync/fault"
	"counterfoil/sync/practice"
	"counterfoil/ui/screen"
	"counterfoil/ui/viewmodel"
)

// The tour shows every page as a clerk would reach it and keeps a picture of
// each; it waits on conditions, never on time alone.

// until waits for a condition on the window's goroutine, at most 20 s.
func (w *window) until(what string, ok func() bool) error {
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		done := false
		w.post.wait(func() { done = ok() })
		if done {
			return nil
		}
		select {
		case <-tick.C:
		case <-deadline:
			return fmt.Errorf("waited in vain for %s", what)
		}
	}
}

// shoot keeps a picture of the screen as it is, after the window had time for a
// few frames.
func (w *window) shoot(dir, name string) error {
	<-time.After(350 * time.Millisecond)
	out, err := exec.Command("import", "-window", "root", filepath.Join(dir, name+".png")).CombinedOutput()
	if err != nil {
		return fmt.Errorf("screenshot (ImageMagick is needed): %w: %s", err, out)
	}
	return nil
}

// draftOne types a first draft through the editor's view-model.
func (w *window) draftOne() (string, error) {
	w.post.wait(func() {
		w.newInvoice()
		w.Editor.Set("buyer.name", "苏州明远精密机械有限公司")
		w.Editor.Set("buyer.tax_no", "91310112087994932F")
		w.Editor.Set("kind", string(invoice.Special))
		w.Editor.Paste(0, viewmodel.ColName, "*金属制品*不锈钢法兰 DN50\tDN50 PN16\t个\t120\t85.5\t10%\t13\n*金属制品*密封垫片\tΦ60\t片\t300\t6.20\t\t13\n*物流辅助服务*装卸搬运\t\t次\t2\t1650\t\t6")
		w.Editor.Set("remark", "合同号 MY-2026-1107；送货单 4 份随附")
		w.Editor.Save()
	})
	id := ""
	err := w.until("the draft on disk", func() bool {
		id = w.Editor.Invoice().ID
		return id != "" && !w.Editor.Unsaved()
	})
	return id, err
}

func (w *window) quit(err error) {
	w.post(func() {
		w.failed = err
		w.win.Close()
	})
}

// smoke makes the first draft through the real window and says so in one line.
func (w *window) smoke() {
	<-w.filled
	id, err := w.draftOne()
	if err == nil {
		_, err = w.d.Store.Invoice(w.ctx, id)
	}
	if err == nil {
		line, _ := json.Marshal(map[string]string{"smoke": "ok", "draft": id}) // two strings
		fmt.Println(string(line))
	}
	w.quit(err)
}

func (w *window) tour(dir string) {
	<-w.filled
	w.quit(w.walk(dir))
}

func (w *window) walk(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := w.until("the first sync", func() bool { return len(w.Invoices.Rows()) > 0 && w.facts.Facts().Online }); err != nil {
		return err
	}
	id, err := w.draftOne()
	if err != nil {
		return err
	}
	if err := w.until("the draft on the server", func() bool {
		st, err := w.d.Store.Invoice(w.ctx, id)
		return err == nil && st.Pending == "" && st.Base != nil
	}); err != nil {
		return err
	}
	if err := w.makeConflict(id); err != nil {
		return err
	}
	for _, lang := range []settings.Language{settings.Chinese, settings.English} {
		for _, theme := range []settings.Theme{settings.Light, settings.Dark} {
			suffix := fmt.Sprintf("-%s-%s", lang, theme)
			w.post.wait(func() {
				w.Settings.SetLanguage(lang)
				w.Settings.SetTheme(theme)
			})
			for _, p := range screen.Pages() {
				if p.Under != "" {
					continue // it is shown below, with what it is opened for
				}
				w.post.wait(func() { w.shell.Show(p.Name) })
				if err := w.loaded(p.Name); err != nil {
					return err
				}
				if err := w.shoot(dir, p.Name+suffix); err != nil {
					return err
				}
			}
			if err := w.editorAndFault(dir, suffix, id); err != nil {
				return err
			}
		}
	}
	return nil
}

// makeConflict lets the second branch and this desk change the same remark.
func (w *window) makeConflict(id string) error {
	p := w.server
	if p == nil {
		return errNoPractice
	}
	if err := p.Set(practice.That(practice.Stop), true); err != nil {
		return err
	}
	st, err := w.d.Store.Invoice(w.ctx, id)
	if err != nil {
		return err
	}
	inv := st.Invoice
	inv.Remark = "合同号 MY-2026-1107，分两批交货"
	if _, _, err := w.d.Books.Edit(w.ctx, id, st.Version, inv); err != nil {
		return err
	}
	if _, err := p.SecondBranch.EditDraft(w.ctx, id); err != nil {
		return err
	}
	if err := p.Set(practice.That(practice.Stop), false); err != nil {
		return err
	}
	w.d.Engine().Kick()
	return w.until("the conflict", func() bool {
		st, err := w.d.Store.Invoice(w.ctx, id)
		return err == nil && (st.Conflict || st.Pending == "")
	})
}

// loaded waits until a page has what it shows.
func (w *window) loaded(page string) error {
	var ready func() bool
	w.post.wait(func() { ready = w.shell.Content(page).Ready })
	if ready == nil {
		return nil
	}
	return w.until(page, ready)
}

func (w *window) editorAndFault(dir, suffix, id string) error {
	if _, err := w.draftOne(); err != nil {
		return err
	}
	if err := w.shoot(dir, "editor"+suffix); err != nil {
		return err
	}
	p := w.server
	if err := p.Set(practice.That(practice.ExpireCert), true); err != nil {
		return err
	}
	w.post.wait(w.selfCheck)
	if err := w.until("the verdict", func() bool {
		return w.Wizard.Finding().Fault == practice.That(practice.ExpireCert) && w.Wizard.Stage() != viewmodel.StageRunning
	}); err != nil {
		return err
	}
	if err := w.shoot(dir, "wizard"+suffix); err != nil {
		return err
	}
	w.post.wait(func() { w.Wizard.Stop() })
	w.d.Monitor().Observe(fault.Observation{Kind: "tls", Outcome: fault.No, Code: "x509:expired"})
	w.d.Engine().Kick()
	if err := w.until("trouble shown", func() bool { return w.facts.Facts().Fault != "" }); err != nil {
		return err
	}
	w.post.wait(func() { w.shell.Show("connection") })
	if err := w.shoot(dir, "offline"+suffix); err != nil {
		return err
	}
	if err := p.Set(practice.That(practice.ExpireCert), false); err != nil {
		return err
	}
	w.d.Reset()
	return w.until("online again", func() bool {
		w.d.Engine().Kick()
		return w.facts.Facts().Online
	})
}
