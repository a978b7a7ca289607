package window

import (
	"context"
	"errors"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"

	"counterfoil/app/books"
	"counterfoil/sync/cure"
	"counterfoil/sync/desk"
)

// stepActions are what the buttons of a fault's steps do, beside the cures; their words
// are under wizard.action.
var stepActions = []string{"open:network", "open:wifi", "open:vpn", "open:firewall", "open:date", "open:proxy", "open:storage", "import_ca", "sign_in", "copy_report"}

// cureAction begins the action of a step that a cure does.
const cureAction = "cure:"

// inSettings are cures that can be done by hand on the page of settings as well.
var inSettings = []cure.Name{cure.RestoreURL, cure.ImportCA, cure.UnlockKeyring}

// steps does what a step's button promises, on a worker's goroutine. Only
// fixed texts are ever run.
type steps struct {
	open  func(page string) // may be called on any goroutine, as copy may
	copy  func()            // the text for who must act
	start func(name string, args ...string) error
	fix   func(ctx context.Context, name cure.Name) error
}

// startProgram starts a program of the system and does not wait for it.
func startProgram(name string, args ...string) error {
	cmd := exec.Command(name, args...)
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() { _ = cmd.Wait() }() // its window may stay open
	return nil
}

// settingsPages are the pages of the system's settings, by system and action.
var settingsPages = map[string]map[string][]string{
	"windows": {
		"open:network":  {"explorer", "ms-settings:network"},
		"open:wifi":     {"explorer", "ms-settings:network-wifi"},
		"open:vpn":      {"explorer", "ms-settings:network-vpn"},
		"open:firewall": {"control", "/name", "Microsoft.WindowsFirewall", "/page", "pageConfigureApps"},
		"open:date":     {"explorer", "ms-settings:dateandtime"},
		"open:proxy":    {"explorer", "ms-settings:network-proxy"},
		"open:storage":  {"explorer", "ms-settings:storagesense"},
	},
	"darwin": {
		"open:network":  {"open", "x-apple.systempreferences:com.apple.preference.network"},
		"open:wifi":     {"open", "x-apple.systempreferences:com.apple.wifi-settings-extension"},
		"open:vpn":      {"open", "x-apple.systempreferences:com.apple.NetworkExtensionSettingsUI.NESettingsUIExtension"},
		"open:firewall": {"open", "x-apple.systempreferences:com.apple.preference.security?Privacy_LocalNetwork"},
		"open:date":     {"open", "x-apple.systempreferences:com.apple.preference.datetime"},
		"open:proxy":    {"open", "x-apple.systempreferences:com.apple.preference.network"},
		"open:storage":  {"open", "x-apple.systempreferences:com.apple.settings.Storage"},
	},
	"linux": {
		"open:network":  {"gnome-control-center", "network"},
		"open:wifi":     {"gnome-control-center", "wifi"},
		"open:vpn":      {"gnome-control-center", "network"},
		"open:firewall": {"firewall-config"},
		"open:date":     {"gnome-control-center", "datetime"},
		"open:proxy":    {"gnome-control-center", "network"},
		"open:storage":  {"gnome-control-center", "info-overview"},
	},
}

// fixLimit caps a cure, with the look that shows whether it helped.
const fixLimit = 30 * time.Second

// typing are the cures for which a person types something first, and typeLimit caps them.
var typing = []cure.Name{cure.ProxySignIn, cure.UnlockKeyring}

const typeLimit = 5 * time.Minute

// Do returns *books.Error "open_settings" when the system has no such page, "cure_no_help"
// and its like when a cure did not help, and the cure's own error.
func (a steps) Do(action string) error {
	if name, ok := strings.CutPrefix(action, cureAction); ok {
		limit := fixLimit
		if slices.Contains(typing, cure.Name(name)) {
			limit = typeLimit
		}
		ctx, stop := context.WithTimeout(context.Background(), limit)
		defer stop()
		err := a.fix(ctx, cure.Name(name))
		if errors.Is(err, cure.ErrNone) && slices.Contains(inSettings, cure.Name(name)) {
			a.open("settings")
			return nil
		}
		return err
	}
	switch action {
	case "import_ca", "sign_in":
		a.open("settings")
		return nil
	case "copy_report":
		a.copy()
		return nil
	}
	var err error
	if c := settingsPages[runtime.GOOS][action]; c == nil {
		err = errors.ErrUnsupported
	} else {
		err = a.start(c[0], c[1:]...)
	}
	if err != nil {
		return &books.Error{Code: "open_settings", Text: "the settings cannot be opened from here", Hint: "open them by hand", Err: err}
	}
	return nil
}

// fix applies a cure that the clerk has seen what it changes, and says why it did not
// help.
func fix(ctx context.Context, d *desk.Desk, name cure.Name) error {
	out, err := d.Fix(ctx, name, true)
	switch {
	case errors.Is(err, cure.ErrNone):
		return &books.Error{Code: "cure_none", Text: "this cannot be done any more", Hint: "check again", Err: err}
	case err != nil:
		return err
	case !out.Helped:
		return &books.Error{Code: "cure_no_help", Text: "it did not help; everything is as before", Err: out.Err}
	}
	return nil
}
