package window

import (
	"errors"
	"os/exec"
	"runtime"
	"slices"
	"strings"

	"counterfoil/app/books"
	"counterfoil/sync/cure"
)

// stepActions are what the buttons of a fault's steps do besides cures; their words
// are under wizard.action.
var stepActions = []string{
	"open:network", "open:date", "open:proxy", "open:storage", "open:wifi", "open:vpn", "open:firewall",
	"restore_url", "import_ca", "sign_in",
}

// cureAction begins the action of a step that a cure does.
const cureAction = "cure:"

// hasButton reports whether a step's action has a button here.
func hasButton(action string) bool {
	name, ok := strings.CutPrefix(action, cureAction)
	if !ok {
		return slices.Contains(stepActions, action)
	}
	_, ok = cure.Lookup(cure.Name(name))
	return ok
}

// steps does what a step's button promises, on a worker's goroutine. Only
// fixed texts are ever run.
type steps struct {
	open  func(page string) // may be called on any goroutine
	fix   func(name cure.Name) error
	start func(name string, args ...string) error
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
		"open:network": {"explorer", "ms-settings:network"}, "open:date": {"explorer", "ms-settings:dateandtime"},
		"open:proxy": {"explorer", "ms-settings:network-proxy"}, "open:storage": {"explorer", "ms-settings:storagesense"},
		"open:wifi": {"explorer", "ms-settings:network-wifi"}, "open:vpn": {"explorer", "ms-settings:network-vpn"},
		"open:firewall": {"control", "firewall.cpl"},
	},
	"darwin": {
		"open:network": {"open", "x-apple.systempreferences:com.apple.preference.network"}, "open:date": {"open", "x-apple.systempreferences:com.apple.preference.datetime"},
		"open:proxy": {"open", "x-apple.systempreferences:com.apple.preference.network"}, "open:storage": {"open", "x-apple.systempreferences:com.apple.settings.Storage"},
		"open:wifi": {"open", "x-apple.systempreferences:com.apple.preference.network"}, "open:vpn": {"open", "x-apple.systempreferences:com.apple.preference.network"},
		"open:firewall": {"open", "x-apple.systempreferences:com.apple.preference.security?Firewall"},
	},
	"linux": {
		"open:network": {"gnome-control-center", "network"}, "open:date": {"gnome-control-center", "datetime"},
		"open:proxy": {"gnome-control-center", "network"}, "open:storage": {"gnome-control-center", "info-overview"},
		"open:wifi": {"gnome-control-center", "wifi"}, "open:vpn": {"gnome-control-center", "network"},
	},
}

// Do returns *books.Error "open_settings" when the system has no such page, and the
// errors of desk.Fix.
func (a steps) Do(action string) error {
	if name, ok := strings.CutPrefix(action, cureAction); ok {
		err := a.fix(cure.Name(name))
		if errors.Is(err, cure.ErrNone) || errors.Is(err, cure.ErrConsent) {
			a.open("settings") // where it is done by hand
			return nil
		}
		return err
	}
	if !strings.HasPrefix(action, "open:") {
		a.open("settings")
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
