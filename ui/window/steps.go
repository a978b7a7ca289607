package window

import (
	"os/exec"
	"runtime"

	"counterfoil/app/books"
)

// stepActions are what the buttons of a fault's steps do; their words are under
// wizard.action.
var stepActions = []string{"open:network", "open:date", "open:proxy", "open:storage", "restore_url", "import_ca", "unlock_keyring", "sign_in"}

// steps does what a step's button promises, on a worker's goroutine. Only
// fixed texts are ever run.
type steps struct {
	open  func(page string) // may be called on any goroutine
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
	"windows": {"open:network": {"explorer", "ms-settings:network"}, "open:date": {"explorer", "ms-settings:dateandtime"}, "open:proxy": {"explorer", "ms-settings:network-proxy"}, "open:storage": {"explorer", "ms-settings:storagesense"}},
	"darwin":  {"open:network": {"open", "x-apple.systempreferences:com.apple.preference.network"}, "open:date": {"open", "x-apple.systempreferences:com.apple.preference.datetime"}, "open:proxy": {"open", "x-apple.systempreferences:com.apple.preference.network"}, "open:storage": {"open", "x-apple.systempreferences:com.apple.settings.Storage"}},
	"linux":   {"open:network": {"gnome-control-center", "network"}, "open:date": {"gnome-control-center", "datetime"}, "open:proxy": {"gnome-control-center", "network"}, "open:storage": {"gnome-control-center", "info-overview"}},
}

// Do returns *books.Error "open_settings" when the system has no such page.
func (a steps) Do(action string) error {
	switch action {
	case "restore_url", "import_ca", "sign_in", "unlock_keyring":
		a.open("settings")
		return nil
	}
	if c := settingsPages[runtime.GOOS][action]; c != nil {
		if err := a.start(c[0], c[1:]...); err != nil {
			return &books.Error{Code: "open_settings", Text: "the settings cannot be opened from here", Hint: "open them by hand", Err: err}
		}
	}
	return nil
}
