// Package locale holds the product's own message catalogue: every text by key,
// in Chinese and English, switchable while the program runs.
package locale

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
	"sync/atomic"

	"counterfoil/assets"
)

// Catalog holds texts in the chosen language. Safe for concurrent use.
type Catalog struct {
	texts   map[string]map[string]string // language → key → text
	current atomic.Value                 // string
}

// Languages that the product speaks.
var Languages = []string{"zh", "en"}

// New reads the embedded texts; lang is "zh" or "en".
func New(lang string) (*Catalog, error) {
	c := &Catalog{texts: map[string]map[string]string{}}
	for _, l := range Languages {
		c.texts[l] = map[string]string{}
		files, err := fs.Glob(assets.Locale, "locale/"+l+"/*.json")
		if err != nil {
			return nil, err
		}
		for _, name := range files {
			raw, err := assets.Locale.ReadFile(name)
			if err != nil {
				return nil, err
			}
			var m map[string]string
			if err := json.Unmarshal(raw, &m); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			for k, v := range m {
				if _, twice := c.texts[l][k]; twice {
					return nil, fmt.Errorf("%s: %q stands twice", name, k)
				}
				c.texts[l][k] = v
			}
		}
	}
	c.Use(lang)
	return c, nil
}

// Apple names the keys as keyboards of that maker do. It is called before the
// texts are shown.
func (c *Catalog) Apple() {
	keys := strings.NewReplacer("Ctrl", "Cmd", "Alt", "Option")
	for _, texts := range c.texts {
		for k, v := range texts {
			texts[k] = keys.Replace(v)
		}
	}
}

// Use switches the language; one that is not known becomes Chinese.
func (c *Catalog) Use(lang string) {
	if _, ok := c.texts[lang]; !ok {
		lang = "zh"
	}
	c.current.Store(lang)
}

// Language is the one in use.
func (c *Catalog) Language() string { return c.current.Load().(string) }

// T returns the text of a key with args filled in; a missing key returns the key.
func (c *Catalog) T(key string, args ...any) string { return c.In(c.Language(), key, args...) }

// In is T in a language that need not be the one in use.
func (c *Catalog) In(lang, key string, args ...any) string {
	t, ok := c.texts[lang][key]
	if !ok {
		return key
	}
	if len(args) > 0 && args[0] == 1 {
		if one, ok := c.texts[lang][key+".one"]; ok { // English has a form for one
			t = one
		}
	}
	if len(args) > 0 {
		return fmt.Sprintf(t, args...)
	}
	return t
}

// Keys returns the keys of a language.
func (c *Catalog) Keys(lang string) map[string]string { return c.texts[lang] }
