package window

import (
	"context"
	"net/url"

	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/widget"

	"counterfoil/app/books"
	"counterfoil/sync/cure"
	"counterfoil/sync/desk"
	"counterfoil/ui/xwidget"
)

// provide makes the cures that hand over to the clerk.
func (w *window) provide() {
	settings := func(context.Context, cure.Offer) error {
		w.post(func() { w.shell.Show("settings") })
		return nil
	}
	w.d.Provide(cure.ImportCA, settings)
	w.d.Provide(cure.RefreshToken, settings)
	// The data are closed for a restore; the settings do that, after a preview.
	w.d.Provide(cure.RestoreBackup, settings)
	w.d.Provide(cure.RepairData, settings)
	w.d.Provide(cure.MoveData, func(context.Context, cure.Offer) error {
		w.post(func() { w.facts.moveData(desk.MoveData) })
		return nil
	})
	w.d.AskProxyUser(w.proxyUser)
	w.d.Provide(cure.SignInPage, func(_ context.Context, o cure.Offer) error { return w.signInPage(o.Values["page"]) })
}

// proxyUser asks the clerk who signs in at the office's proxy, and waits for the answer.
func (w *window) proxyUser(ctx context.Context, proxy string) (name, password string, err error) {
	type account struct{ user, secret string } // empty: nobody signs in
	answered := make(chan account, 1)
	answer := func(a account) {
		select {
		case answered <- a:
		default: // it is answered
		}
	}
	w.post(func() {
		t, user, hidden := w.words, xwidget.NewField(), xwidget.NewField()
		hidden.Password = true
		ask := dialog.NewForm(t.T("proxy.title"), t.T("proxy.sign_in"), t.T("proxy.cancel"), []*widget.FormItem{
			widget.NewFormItem(t.T("proxy.address"), widget.NewLabel(proxy)),
			widget.NewFormItem(t.T("proxy.user"), user), widget.NewFormItem(t.T("proxy.password"), hidden),
		}, func(yes bool) {
			if !yes {
				answer(account{})
				return
			}
			answer(account{user.Text, hidden.Text})
		}, w.win)
		user.OnSubmitted = func(string) { w.win.Canvas().Focus(hidden) }
		hidden.OnSubmitted = func(string) { ask.Submit() }
		w.shell.Gone = func() { answer(account{}) }
		ask.Show()
		w.win.Canvas().Focus(user)
	})
	refused := &books.Error{Code: "proxy_user_missing", Text: "nobody has signed in at the proxy; nothing was changed"}
	select {
	case a := <-answered:
		if a.user == "" {
			return "", "", refused
		}
		return a.user, a.secret, nil
	case <-ctx.Done():
		return "", "", refused
	}
}

// signInPage opens the page on which a network wants a sign-in. Where that is none of
// the web, the server's own plain address: the network leads from there to its page.
func (w *window) signInPage(page string) error {
	u, err := url.Parse(page)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		server, err := url.Parse(w.d.URL())
		if err != nil || server.Hostname() == "" {
			return &books.Error{Code: "open_settings", Text: "the sign-in page cannot be opened from here", Hint: "open any page in the browser", Err: err}
		}
		u = &url.URL{Scheme: "http", Host: server.Hostname(), Path: "/generate_204"}
	}
	return w.app.OpenURL(u)
}
