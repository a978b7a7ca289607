package main

import (
	"fmt"
	"maps"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"counterfoil/app/document"
	"counterfoil/app/seller"
	"counterfoil/sync/disk"
	"counterfoil/sync/wire"
)

// readSellers reads a JSON list of sellers as docs/protocol.md shows one. Its id may
// be left out: it is made of the tax number then. What is wrong is said with the
// place of the seller, and so is a field that no seller has.
func readSellers(file string) ([]document.Document, error) {
	raw, err := disk.Read(file, 1<<20)
	if err != nil {
		return nil, err
	}
	var list []jsontext.Value
	if err := wire.Unmarshal(raw, &list); err != nil {
		return nil, fmt.Errorf("%s is no list of sellers: %w", file, err)
	}
	var out []document.Document
	seen := map[string]bool{}
	for i, body := range list {
		s, err := document.DecodeAs[seller.Seller](body)
		if s.ID == "" {
			s.ID = "seller-" + s.TaxNo
		}
		unknown := slices.Concat(slices.Collect(maps.Keys(s.Extra)), slices.Collect(maps.Keys(s.Party.Extra)))
		bad := document.Errors(document.KindOf(s).Check(s, document.StageDraft))
		switch {
		case err != nil:
		case len(unknown) > 0:
			err = fmt.Errorf("a seller has no field %q", unknown[0])
		case len(bad) > 0:
			err = bad[0]
		case seen[s.ID] || !wire.ValidID(s.ID, 64):
			err = fmt.Errorf("the id %q is no id, or stands twice", s.ID)
		}
		if err != nil {
			return nil, fmt.Errorf("%s, seller %d: %w", file, i+1, err)
		}
		seen[s.ID] = true
		out = append(out, s)
	}
	return out, nil
}
