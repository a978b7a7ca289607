package practice

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"
)

// Every switch is whole, does something that is known, and each effect has one.
func TestFaultsFile(t *testing.T) {
	d := json.NewDecoder(bytes.NewReader(faultsJSON))
	d.DisallowUnknownFields()
	var all []Fault
	if err := d.Decode(&all); err != nil || len(all) == 0 {
		t.Fatal(err)
	}
	effects := append([]Effect{Stop, shiftClock, speakPlainly, beOld, beAnother, showPage, pause, cut, lose, loseDatabase, loseTaxService, beSlow, refuse}, certEffects...)
	for _, f := range all {
		if f.TitleEN == "" || f.TitleZH == "" || !slices.Contains(effects, f.Does) || f.Does == refuse && f.Answer == nil {
			t.Errorf("%+v", f)
		}
		if f.Answer != nil && (f.Answer.Status < 400 || f.Answer.Code == "" || f.Answer.Title == "") {
			t.Errorf("%s: %+v", f.ID, f.Answer)
		}
	}
	for _, e := range effects {
		if That(e) == "" {
			t.Errorf("no switch does %s", e)
		}
	}
}
