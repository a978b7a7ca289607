package practice

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"

	"counterfoil/sync/fault"
)

// Every switch is whole, does something that is known, stands in the catalogue, and
// each effect has one.
func TestFaultsFile(t *testing.T) {
	d := json.NewDecoder(bytes.NewReader(faultsJSON))
	d.DisallowUnknownFields()
	var all []Fault
	if err := d.Decode(&all); err != nil || len(all) == 0 {
		t.Fatal(err)
	}
	effects := slices.Concat([]Effect{answers, beAnother, pause, cut, cutLine, lose, garble, resetStreams, stall, stallBody, beSlow, loseDatabase, lockDatabase, loseTaxService, loseLogin, fillDisk,
		proxied, loseCA, damageCA, holdTheDesk, mistype}, connEffects, certEffects)
	seen := map[string]bool{}
	for _, f := range all {
		if f.TitleEN == "" || f.TitleZH == "" || !slices.Contains(effects, f.Does) || f.Does == answers && f.Answer == nil && f.Health == nil || (f.Does == proxied) != (f.Proxy != nil) || (f.Does == mistype) != (len(f.Typed) == 2) || seen[f.ID] {
			t.Errorf("%+v", f)
		}
		seen[f.ID] = true
		if a := f.Answer; a != nil && (a.Status < 200 || a.Page == "" && a.Body == "" && (a.Code == "" || a.Title == "")) {
			t.Errorf("%s: %+v", f.ID, a)
		}
		if _, ok := fault.Lookup(fault.ID(f.ID)); !ok {
			t.Errorf("%s is not in the catalogue", f.ID)
		}
	}
	for _, e := range effects {
		if That(e) == "" {
			t.Errorf("no switch does %s", e)
		}
	}
}
