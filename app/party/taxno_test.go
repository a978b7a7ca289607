package party

import (
	"encoding/json"
	"os"
	"testing"
)

func TestCheckTaxNo(t *testing.T) {
	for no, want := range map[string]string{
		"91310112087994932F": "", "9131 0112 0879 9493 2f": "", "913101203509708598": "",
		"91310112087994932G": "tax_no_check_digit", "91350100M0001TGQXM": "tax_no_check_digit",
		"9131011208799493": "tax_no_length", "": "tax_no_length", "9131011208799493IF": "tax_no_characters",
	} {
		if ok, got := CheckTaxNo(no); got != want || ok != (want == "") {
			t.Errorf("%q: %v %q, want %q", no, ok, got, want)
		}
	}
}

// Real register numbers, where they are at hand.
func TestCheckTaxNoThirdParty(t *testing.T) {
	raw, err := os.ReadFile("../../../shared/data/third-party-uscc.json")
	if err != nil {
		t.Skip("the third-party numbers are not on this machine: ", err)
	}
	var list struct{ Codes []string }
	if err := json.Unmarshal(raw, &list); err != nil || len(list.Codes) < 100 {
		t.Fatal(err, len(list.Codes))
	}
	for _, c := range list.Codes {
		if ok, w := CheckTaxNo(c); !ok {
			t.Errorf("%s: %s", c, w)
		}
	}
}
