// Package settings holds what a person may set on this PC: language and look.
//
// Words: a Settings is read once at start and written on each change, one value
// by name. The server's address, token and CA are not kept here: the connection
// keeps the address, and the keyring keeps what is secret.
//
// The package refuses values it does not know: they read as the default, so an
// older program opens the folder of a newer one.
package settings

import "context"

// Names under which the values are kept.
const (
	nameLanguage = "language"
	nameTheme    = "theme"
	nameStarted  = "first_run_done"
	nameNotices  = "desktop_notices"
)

// Language of the window.
type Language string

// The languages.
const (
	Chinese Language = "zh"
	English Language = "en"
)

// Theme of the window.
type Theme string

// The themes. System follows the desktop.
const (
	System Theme = "system"
	Light  Theme = "light"
	Dark   Theme = "dark"
)

// Settings of this PC. The zero value is not valid: use Default or Load.
type Settings struct {
	Language Language
	Theme    Theme
	Started  bool // the first-run guide has been gone through
	Notices  bool // the desktop tells of a fault once, and once that it is over
}

// Default is Chinese in the system's look.
func Default() Settings { return Settings{Language: Chinese, Theme: System} }

// Store keeps small values by name; a missing one reads as "".
type Store interface {
	Setting(ctx context.Context, name string) (string, error)
	SetSetting(ctx context.Context, name, value string) error
}

// Load reads the settings. On an error it returns the default beside it, so that
// the window can open and say so.
func Load(ctx context.Context, s Store) (Settings, error) {
	out := Default()
	var values [4]string
	for i, name := range []string{nameLanguage, nameTheme, nameStarted, nameNotices} {
		v, err := s.Setting(ctx, name)
		if err != nil {
			return Default(), err
		}
		values[i] = v
	}
	if l := Language(values[0]); l == Chinese || l == English {
		out.Language = l
	}
	if t := Theme(values[1]); t == System || t == Light || t == Dark {
		out.Theme = t
	}
	out.Started, out.Notices = values[2] == "yes", values[3] == "yes"
	return out, nil
}

// Save writes the settings.
func Save(ctx context.Context, s Store, v Settings) error {
	yes := map[bool]string{true: "yes"}
	for _, p := range [][2]string{
		{nameLanguage, string(v.Language)}, {nameTheme, string(v.Theme)}, {nameStarted, yes[v.Started]}, {nameNotices, yes[v.Notices]},
	} {
		if err := s.SetSetting(ctx, p[0], p[1]); err != nil {
			return err
		}
	}
	return nil
}
