package window

import (
	"context"
	"net/url"

	"counterfoil/app/books"
	"counterfoil/sync/cure"
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
	w.d.Provide(cure.SignInPage, func(_ context.Context, o cure.Offer) error { return w.signInPage(o.Values["page"]) })
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
