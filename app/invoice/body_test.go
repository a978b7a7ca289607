package invoice

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"counterfoil/app/document"
	"counterfoil/app/party"
	"counterfoil/app/tax"
)

func sample() Invoice {
	q, p := decimal.RequireFromString("3"), decimal.RequireFromString("33.333")
	pc := decimal.RequireFromString("10")
	return Invoice{
		ID: "01890a5d-ac96-774b-bcce-b302099a8057", Reference: "20261123-AB0001", Kind: Special, Basis: Exclusive,
		Date: "2026-11-23", Buyer: party.Party{Name: "苏州明远精密机械有限公司", TaxNo: "91310112087994932F"}, State: Draft, Revision: 3,
		Lines: []Line{{ID: "l1", Order: "0001", Name: "*金属制品*法兰", Qty: &q, Price: &p, Rate: tax.Rate{Value: decimal.RequireFromString("0.13")},
			Discount: &Discount{Percent: &pc}}},
		UpdatedAt: time.Date(2026, 11, 23, 1, 2, 3, 4e6, time.UTC),
	}
}

const golden = `{"id":"01890a5d-ac96-774b-bcce-b302099a8057","reference":"20261123-AB0001","kind":"special","basis":"excl","date":"2026-11-23","buyer":{"name":"苏州明远精密机械有限公司","tax_no":"91310112087994932F"},"lines":[{"id":"l1","order":"0001","name":"*金属制品*法兰","qty":"3","price":"33.333","rate":"0.13","discount":{"percent":"10"}}],"state":"draft","revision":3,"updated_at":"2026-11-23T01:02:03.004Z"}`

func TestGolden(t *testing.T) {
	b, err := document.Encode(sample())
	if err != nil {
		t.Fatal(err)
	}
	if string(b) != golden {
		t.Errorf("got  %s\nwant %s", b, golden)
	}
	back, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := document.Encode(back); string(again) != golden {
		t.Errorf("after a round trip %s", again)
	}
}

// An older program must not erase a newer one's fields.
func TestUnknownFieldsAreKept(t *testing.T) {
	in := strings.Replace(golden, `{"id":"01890`, `{"zz":{"a":1.50},"id":"01890`, 1)
	in = strings.Replace(in, `{"id":"l1"`, `{"colour":"red","id":"l1"`, 1)
	inv, err := Decode([]byte(in))
	if err != nil {
		t.Fatal(err)
	}
	out, err := document.Encode(inv)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"zz":{"a":1.50}`, `"colour":"red"`} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%s is lost: %s", want, out)
		}
	}
}

func TestJSONNumbersAreRefused(t *testing.T) {
	for _, bad := range []string{
		strings.Replace(golden, `"qty":"3"`, `"qty":3`, 1),
		strings.Replace(golden, `"qty":"3"`, `"qty":"3e2"`, 1),
		strings.Replace(golden, `"rate":"0.13"`, `"rate":"13%"`, 1),
		`[]`, `null1`, `{`, ``,
	} {
		if _, err := Decode([]byte(bad)); err == nil {
			t.Errorf("accepted: %s", bad)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(golden))
	f.Fuzz(func(t *testing.T, raw []byte) {
		inv, err := Decode(raw)
		if err != nil {
			return
		}
		b, err := document.Encode(inv)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Decode(b); err != nil {
			t.Fatalf("own output is refused: %v\n%s", err, b)
		}
	})
}

func TestBrokenTextIsStillSent(t *testing.T) {
	inv := sample()
	inv.Remark = "合同\xff"
	b, err := document.Encode(inv)
	if err != nil {
		t.Fatal(err)
	}
	back, err := Decode(b)
	if err != nil || back.Remark != "合同\ufffd" {
		t.Errorf("%q %v", back.Remark, err)
	}
}

func TestAmbiguousMessagesAreRefused(t *testing.T) {
	for _, bad := range []string{
		strings.Replace(golden, `"kind":"special"`, `"kind":"special","kind":"ordinary"`, 1),
		strings.Replace(golden, `苏`, "\xff", 1),
	} {
		if bad == golden || !bytes.Contains([]byte(bad), []byte(`"buyer"`)) {
			t.Fatal("the replacement went wrong")
		}
		if _, err := Decode([]byte(bad)); err == nil {
			t.Errorf("accepted: %s", bad)
		}
	}
}
