package practice_test

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"counterfoil/sync/desk"
	"counterfoil/sync/fault"
	"counterfoil/sync/practice"
	"counterfoil/sync/probe"
	"counterfoil/sync/trust"
)

// exceptions.json says of switches that the self-check does not name why not.
//
//go:embed testdata/exceptions.json
var exceptionsJSON []byte

// played is the desk, which is there only after its practice server.
type played struct{ d *desk.Desk }

func (p *played) HideCA(ctx context.Context, damaged bool) (func(context.Context) error, error) {
	return p.d.HideCA(ctx, damaged)
}
func (p *played) Mistype(ctx context.Context, from, to string) (func(context.Context) error, error) {
	return p.d.Mistype(ctx, from, to)
}
func (p *played) Database() string { return p.d.Database() }

// Every switch of the practice page makes the real condition: the self-check of a
// desk in practice names it, and says that all is well when it is switched off.
func TestEverySwitchIsNamed(t *testing.T) {
	if testing.Short() {
		t.Skip("walks all of them")
	}
	why := map[string]string{}
	if err := json.Unmarshal(exceptionsJSON, &why); err != nil {
		t.Fatal(err)
	}
	var p *practice.Practice
	pd, way := &played{}, &practice.Detour{}
	d, err := desk.Open(t.Context(), desk.Config{
		Dir: t.TempDir(), Use: desk.Window, Version: "0.1.0", Keys: &trust.Store{Keyring: trust.Memory(), Profile: "p"}, Practice: true,
		Proxy: way.Proxy,
		PracticeServer: func(ctx context.Context, dir string) (_ desk.PracticeServer, err error) {
			p, err = practice.Start(ctx, practice.Config{Dir: dir, Version: "0.1.0", Desk: pd})
			way.Lead(p)
			return p, err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	pd.d = d
	t.Cleanup(func() { _ = d.Close() })
	look := func() probe.Report { return d.SelfCheck(t.Context(), "", 10*time.Second, nil) }
	if r := look(); r.Fault != fault.OK {
		t.Fatalf("before all: %+v", r.Finding)
	}
	for _, f := range p.Faults() {
		t.Run(f.ID, func(t *testing.T) {
			if err := p.Set(f.ID, true); err != nil {
				t.Fatal(err)
			}
			r := look()
			names := r.Fault == fault.ID(f.ID) || r.Fault == fault.OK && slices.ContainsFunc(r.Notes, func(n fault.Finding) bool { return n.Fault == fault.ID(f.ID) })
			text := fmt.Sprintf("%s, %s, also %v, %v", r.Fault, r.Confidence, r.Also, r.Took.Round(time.Millisecond))
			switch {
			case names && why[f.ID] != "":
				t.Logf("named by now, although: %s", why[f.ID])
			case !names && why[f.ID] != "":
				t.Logf("exception: %s (%s)", why[f.ID], text)
			case !names:
				t.Errorf("it is named %s", text)
			}
			if err := p.Set(f.ID, false); err != nil {
				t.Fatal(err)
			}
			if r := look(); r.Fault != fault.OK {
				t.Errorf("switched off it is %+v", r.Finding)
			}
		})
	}
}
