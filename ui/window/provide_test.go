package window

import (
	"context"
	"testing"

	"fyne.io/fyne/v2"

	"counterfoil/sync/desk"
	"counterfoil/ui/xwidget"
)

// Who signs in at the proxy does so by keyboard alone, or leaves with Esc: nothing waits
// for an answer that cannot come any more.
func TestProxyDialogByKeyboard(t *testing.T) {
	r := newRig(t, Options{Folder: desk.Folder{Dir: t.TempDir(), Practice: true}})
	type answer struct {
		name, password string
		err            error
	}
	ask := func() chan answer {
		got := make(chan answer, 1)
		go func() {
			name, password, err := r.w.proxyUser(context.Background(), "proxy.example:3128")
			got <- answer{name, password, err}
		}()
		r.until("the dialog", func() bool { return r.win.Canvas().Overlays().Top() != nil })
		return got
	}
	field := func() *xwidget.Field {
		t.Helper()
		f, ok := r.win.Canvas().Focused().(*xwidget.Field)
		if !ok {
			t.Fatalf("%T has the keyboard", r.win.Canvas().Focused())
		}
		return f
	}
	var a answer
	end := func(got chan answer) func() bool {
		return func() bool {
			select {
			case a = <-got:
				return true
			default:
				return false
			}
		}
	}
	got := ask()
	field().TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	r.until("the refusal", tick(r, end(got)))
	if a.err == nil || r.win.Canvas().Overlays().Top() != nil {
		t.Errorf("left with Esc: %+v, the dialog is there: %t", a, r.win.Canvas().Overlays().Top() != nil)
	}
	got = ask()
	field().SetText("li")
	field().TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if !field().Password {
		t.Fatal("Enter does not lead to the password")
	}
	field().SetText("secret")
	field().TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	r.until("the answer", tick(r, end(got)))
	if a.name != "li" || a.password != "secret" || a.err != nil {
		t.Errorf("%+v", a)
	}
}

// tick keeps the queue moving while something outside it is waited for.
func tick(r *rig, ok func() bool) func() bool {
	return func() bool {
		if ok() {
			return true
		}
		go r.w.post(func() {})
		return false
	}
}
