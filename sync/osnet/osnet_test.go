package osnet

import (
	"net/netip"
	"slices"
	"testing"
)

func TestHosts(t *testing.T) {
	const file = "\ufeff127.0.0.1 localhost\r\n# 10.0.0.9 invoice.test\n10.0.0.1\tinvoice.test www.invoice.test # by hand\n::1 INVOICE.TEST.\nnot-an-address invoice.test\n10.0.0.3\n"
	want := []netip.Addr{netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("::1")}
	if got := hosts(file, "Invoice.Test"); !slices.Equal(got, want) {
		t.Error(got)
	}
	if got := hosts(file, "invoice.tes"); got != nil {
		t.Error(got)
	}
}

// This computer has a way to itself at least, and what is read of it fits together.
func TestLook(t *testing.T) {
	f := Look()
	if !slices.ContainsFunc(f.Interfaces, func(i Interface) bool { return i.Kind == Loopback && i.Name != "" && i.Index != 0 }) {
		t.Errorf("no loopback in %+v", f.Interfaces)
	}
	for _, r := range f.Defaults {
		if f.Interface(r.Interface).Name == "" || r.To.Bits() != 0 {
			t.Errorf("%+v leads over no interface", r)
		}
	}
	if !f.Near(netip.MustParseAddr("127.0.0.1")) || f.Near(netip.MustParseAddr("240.0.0.1")) {
		t.Error("near and far are mixed up")
	}
	if _, err := RouteTo(netip.MustParseAddr("127.0.0.1")); err != nil {
		t.Error(err)
	}
}

func TestDefault(t *testing.T) {
	all := []Route{
		{To: netip.MustParsePrefix("::/0"), Interface: 3, Metric: 1}, {To: netip.MustParsePrefix("0.0.0.0/0"), Interface: 2, Metric: 600},
		{To: netip.MustParsePrefix("0.0.0.0/0"), Interface: 1, Metric: 100},
	}
	sortDefaults(all)
	f := Facts{Defaults: all}
	if f.Default(false).Interface != 1 || f.Default(true).Interface != 3 || (Facts{}).Default(true).Interface != 0 {
		t.Errorf("%+v", all)
	}
}
