package wire

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"counterfoil/app/books"
	"counterfoil/app/invoice"
	"counterfoil/app/party"
	"counterfoil/app/tax"
)

func sample() invoice.Invoice {
	q, p := decimal.RequireFromString("3"), decimal.RequireFromString("33.333")
	pc := decimal.RequireFromString("10")
	return invoice.Invoice{
		ID: "01890a5d-ac96-774b-bcce-b302099a8057", Reference: "20261123-AB0001", Kind: invoice.Special, Basis: invoice.Exclusive,
		Date: "2026-11-23", Buyer: party.Party{Name: "苏州明远精密机械有限公司", TaxNo: "91310112087994932F"}, State: invoice.Draft, Revision: 3,
		Lines: []invoice.Line{{ID: "l1", Order: "0001", Name: "*金属制品*法兰", Qty: &q, Price: &p, Rate: tax.Rate{Value: decimal.RequireFromString("0.13")},
			Discount: &invoice.Discount{Percent: &pc}}},
		UpdatedAt: time.Date(2026, 11, 23, 1, 2, 3, 4e6, time.UTC),
	}
}

const golden = `{"id":"01890a5d-ac96-774b-bcce-b302099a8057","reference":"20261123-AB0001","kind":"special","basis":"excl","date":"2026-11-23","buyer":{"name":"苏州明远精密机械有限公司","tax_no":"91310112087994932F"},"lines":[{"id":"l1","order":"0001","name":"*金属制品*法兰","qty":"3","price":"33.333","rate":"0.13","discount":{"percent":"10"}}],"state":"draft","revision":3,"updated_at":"2026-11-23T01:02:03.004Z"}`

func TestGolden(t *testing.T) {
	b, err := EncodeInvoice(sample())
	if err != nil {
		t.Fatal(err)
	}
	if string(b) != golden {
		t.Errorf("got  %s\nwant %s", b, golden)
	}
	back, err := DecodeInvoice(b)
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := EncodeInvoice(back); string(again) != golden {
		t.Errorf("after a round trip %s", again)
	}
}

// An older program must not erase a newer one's fields.
func TestUnknownFieldsAreKept(t *testing.T) {
	in := strings.Replace(golden, `{"id":"01890`, `{"zz":{"a":1.50},"id":"01890`, 1)
	in = strings.Replace(in, `{"id":"l1"`, `{"colour":"red","id":"l1"`, 1)
	inv, err := DecodeInvoice([]byte(in))
	if err != nil {
		t.Fatal(err)
	}
	out, err := EncodeInvoice(inv)
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
		if _, err := DecodeInvoice([]byte(bad)); err == nil {
			t.Errorf("accepted: %s", bad)
		}
	}
}

func TestCursor(t *testing.T) {
	c := books.Cursor{Epoch: "e1", Seq: 42, Scope: "all"}
	got, err := ParseCursor(FormatCursor(c))
	if err != nil || !reflect.DeepEqual(got, c) {
		t.Errorf("%+v %v", got, err)
	}
	for _, bad := range []string{"x", "a:b:c", ":1:all", "a:-1:all"} {
		if _, err := ParseCursor(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

func FuzzDecodeInvoice(f *testing.F) {
	f.Add([]byte(golden))
	f.Fuzz(func(t *testing.T, raw []byte) {
		inv, err := DecodeInvoice(raw)
		if err != nil {
			return
		}
		b, err := EncodeInvoice(inv)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := DecodeInvoice(b); err != nil {
			t.Fatalf("own output is refused: %v\n%s", err, b)
		}
	})
}
