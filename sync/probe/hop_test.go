package probe

import (
	"net/netip"
	"testing"

	"counterfoil/sync/fault"
)

// Who is alive on the way, from how three connections end whose packets live for one
// hop, for two, and for all.
func TestHops(t *testing.T) {
	for what, c := range map[string]struct {
		one, two, whole string
		hop1, hop2      fault.Outcome // empty: nothing is noted
	}{
		"two routers say so, the server is silent": {expired, expired, "timeout", fault.Yes, fault.Yes},
		"and the server refuses":                   {expired, expired, refused, fault.Yes, fault.Yes},
		"nobody beyond the router":                 {expired, "timeout", "timeout", fault.Yes, fault.No},
		"the router itself forbids, or the next":   {expired, expired, expired, fault.Yes, ""},
		"the router knows no way":                  {noNetwork, "timeout", "timeout", fault.Yes, fault.No},
		"the router refuses for the server":        {expired, refused, refused, fault.Yes, ""},
		"a server behind the router":               {expired, "", "", fault.Yes, fault.Yes},
		"somebody near refuses":                    {refused, refused, refused, fault.Yes, ""},
		"all silent":                               {"timeout", "timeout", "timeout", fault.No, fault.No},
		"the router says no":                       {saysNo, saysNo, saysNo, fault.Yes, ""},
		"a router that tells nothing":              {"timeout", expired, "timeout", fault.No, fault.Yes},
		"this computer forbids":                    {"errno:EACCES", "errno:EACCES", "errno:EACCES", "", ""},
	} {
		got := map[string]fault.Outcome{}
		for _, o := range (hopped{address: "a", via: "server", codes: [3]string{c.one, c.two, c.whole}}).conclude() {
			got[o.Stage] = o.Outcome
		}
		if got["1"] != c.hop1 || got["2"] != c.hop2 {
			t.Errorf("%s: %v", what, got)
		}
	}
}

// Silence at the first hop tells nothing where no router tells of such packets at all.
func TestHopsUntold(t *testing.T) {
	silent := hopped{address: "a", via: "server", codes: [3]string{"timeout", "timeout", "timeout"}}
	w := &walk{set: &fault.Set{}, hopped: []hopped{silent}}
	w.concludeHops()
	if all := w.set.All(); len(all) != 0 {
		t.Errorf("%+v", all)
	}
	// Nor is it forgotten: another one may tell later.
	w.hopped = append(w.hopped, hopped{address: "b", via: "outside", codes: [3]string{expired, expired, ""}})
	w.concludeHops()
	for _, p := range []fault.Pattern{
		{Kind: "hop", Via: "server", Stage: "1", Outcome: "no"}, {Kind: "hop", Via: "outside", Stage: "2", Outcome: "yes"}, {Kind: "control", Via: "hops", Outcome: "yes"},
	} {
		if !w.set.Saw(p) {
			t.Errorf("%+v is not among %+v", p, w.set.All())
		}
	}
}

// Where the system tells who said so, two routers are told from one that answers twice.
func TestHopsKnown(t *testing.T) {
	near, far := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.1.0.1")
	for what, c := range map[string]struct {
		second netip.Addr
		hop2   fault.Outcome
	}{"another router": {far, fault.Yes}, "the same": {near, ""}, "nobody knows who": {netip.Addr{}, ""}} {
		h := hopped{address: "a", via: "server", codes: [3]string{expired, expired, expired}, from: [3]netip.Addr{near, c.second}}
		got := fault.Outcome("")
		for _, o := range h.conclude() {
			if o.Stage == "2" {
				got = o.Outcome
			}
		}
		if got != c.hop2 {
			t.Errorf("%s: %q", what, got)
		}
	}
}
