package viewmodel

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"sync"
)

// Picture is a drawing of the place where a setting is found: the title of the
// system's page and the lines that matter on it.
type Picture struct {
	Title Bilingual    `json:"title"`
	Lines []PictureRow `json:"lines"`
}

// PictureRow is a line with what stands at its right: a switch, a button or a text.
type PictureRow struct {
	Text   Bilingual `json:"text"`
	Switch string    `json:"switch,omitempty"` // "on" or "off", as it should be
	Button Bilingual `json:"button,omitzero"`
	Value  Bilingual `json:"value,omitzero"`
}

//go:embed pictures.json
var pictureFile []byte

// pictures are by name and system; only the tests see the error.
var pictures = sync.OnceValues(func() (map[string]map[string]Picture, error) {
	d := json.NewDecoder(bytes.NewReader(pictureFile))
	d.DisallowUnknownFields()
	out := map[string]map[string]Picture{}
	return out, d.Decode(&out)
})

// PictureOf returns the drawing of a name on a system, as in runtime.GOOS; none where
// there is no such drawing. A system without one of its own has that of Windows.
func PictureOf(name, system string) (Picture, bool) {
	all, _ := pictures() // see there
	p, ok := all[name][system]
	if !ok {
		p, ok = all[name]["windows"]
	}
	return p, ok
}
