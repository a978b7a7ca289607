package fault

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"sync"
)

//go:embed rows/*.json
var files embed.FS

// rows reads the catalogue once. Only the tests see an error of the embedded files:
// a row that cannot be read is left out.
var rows = sync.OnceValues(func() ([]Fault, error) {
	names, err := files.ReadDir("rows")
	if err != nil {
		return nil, err
	}
	var out []Fault
	for _, n := range names {
		f, ferr := row(path.Join("rows", n.Name()))
		if ferr != nil {
			err = ferr
			continue
		}
		out = append(out, f)
	}
	slices.SortStableFunc(out, func(a, b Fault) int { return depth(a.Layer) - depth(b.Layer) })
	return out, err
})

func row(name string) (Fault, error) {
	var f Fault
	raw, err := files.ReadFile(name)
	if err != nil {
		return f, err
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return f, fmt.Errorf("%s: %w", name, err)
	}
	if path.Base(name) != string(f.ID)+".json" {
		return f, fmt.Errorf("%s holds %s", name, f.ID)
	}
	return f, nil
}

var byID = sync.OnceValue(func() map[ID]*Fault {
	all, _ := rows() // see there
	m := map[ID]*Fault{}
	for i := range all {
		m[all[i].ID] = &all[i]
	}
	return m
})

// Lookup returns the row of an id.
func Lookup(id ID) (Fault, bool) {
	if f := byID()[id]; f != nil {
		return *f, true
	}
	return Fault{}, false
}

// All returns the catalogue by layer, then by id.
func All() []Fault {
	all, _ := rows() // see there
	return slices.Clone(all)
}

// depth is the place of a layer, 0 for this computer.
func depth(l Layer) int { return slices.Index(Layers, l) }
