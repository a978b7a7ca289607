package desk_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"counterfoil/sync/cure"
	"counterfoil/sync/desk"
	"counterfoil/sync/fault"
	"counterfoil/sync/probe"
)

// A full disk is freed of what the program can do without; the newest backups and the
// data stay. What is worth nothing is not offered.
func TestFreeSpace(t *testing.T) {
	ctx := context.Background()
	dir := filepath.Join(t.TempDir(), "desk")
	address, ca := reference(t)
	d := seatAt(t, dir, address, memoryKeys(), ca)
	full := probe.Report{Verdict: fault.Verdict{Finding: fault.Finding{Fault: "K08", Confidence: fault.Proven}}}
	d.Found(full)
	if o := d.OffersFor(full); len(o) != 0 {
		t.Fatalf("nothing can be spared: %+v", o)
	}
	for range 6 {
		if _, err := d.BackUp(ctx, ""); err != nil {
			t.Fatal(err)
		}
	}
	old := filepath.Join(dir, "log", "counterfoil.log.1")
	if err := os.WriteFile(old, make([]byte, 600<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	before := must[[]desk.Backup](t)(d.Backups())
	o := d.OffersFor(full)
	if len(o) != 1 || o[0].Name != cure.FreeSpace || !strings.Contains(o[0].Preview("en"), " MB") {
		t.Fatalf("%+v", o)
	}
	out, err := d.Fix(ctx, cure.FreeSpace, true)
	if err != nil || !out.Helped {
		t.Fatalf("%+v %v", out, err)
	}
	after := must[[]desk.Backup](t)(d.Backups())
	if len(after) == 0 || len(after) > len(before) || after[0].Path != before[0].Path {
		t.Errorf("of %d backups %d are left", len(before), len(after))
	}
	if _, err := after[0].Verify(ctx); err != nil {
		t.Error("the newest backup:", err)
	}
	if _, err := os.Stat(old); err == nil {
		t.Error("the old log stays")
	}
	if _, err := d.Engine().Once(ctx); err != nil {
		t.Error("the data:", err)
	}
}
