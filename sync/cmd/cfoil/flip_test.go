package main

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// answers is what the commands that read say, by command; empty when one exits
// with a problem.
func answers(dir string, ids []string) map[string]string {
	all := map[string]string{}
	ask := func(args ...string) {
		var out, errOut bytes.Buffer
		if run(context.Background(), append([]string{"--data", dir, "--keyring", "file", "--json"}, args...), strings.NewReader(""), &out, &errOut) == 0 {
			all[strings.Join(args, " ")] = out.String()
		}
	}
	ask("list")
	ask("list", "--state", "issued")
	ask("conflicts")
	ask("outbox")
	for _, id := range ids {
		ask("show", id)
	}
	return all
}

// TestFlippedBits flips single bits and bytes of a data file: no command that
// reads ever prints altered data and exits with 0. COUNTERFOIL_FLIPS sets how
// many; COUNTERFOIL_SEED repeats a run.
func TestFlippedBits(t *testing.T) {
	flips := 60
	if n, err := strconv.Atoi(os.Getenv("COUNTERFOIL_FLIPS")); err == nil {
		flips = n
	}
	seed, err := strconv.ParseUint(os.Getenv("COUNTERFOIL_SEED"), 10, 64)
	if err != nil {
		seed = uint64(time.Now().UnixNano())
	}
	random := rand.New(rand.NewPCG(seed, 0))
	dir := unzip(t, "../../../localdb/testdata/v1/desk.zip")
	file := filepath.Join(dir, "counterfoil.db")
	var ids []string
	for _, r := range oneValue(t, answers(dir, nil)["list"]).([]any) {
		ids = append(ids, at(r, "id").(string))
	}
	want := answers(dir, ids)
	if len(want) != 4+len(ids) {
		t.Fatalf("%d of %d commands answer", len(want), 4+len(ids))
	}
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for range flips {
		broken := bytes.Clone(whole)
		place := random.IntN(len(broken))
		flip := byte(1) << random.IntN(8)
		if random.IntN(4) == 0 {
			flip = byte(1 + random.IntN(255))
		}
		broken[place] ^= flip
		for _, leftover := range []string{"-wal", "-shm"} {
			_ = os.Remove(file + leftover)
		}
		if err := os.WriteFile(file, broken, 0o600); err != nil {
			t.Fatal(err)
		}
		got := answers(dir, []string{ids[random.IntN(len(ids))]})
		if len(got) < 5 {
			refused++
		}
		for what, text := range got {
			if text != want[what] {
				t.Errorf("seed %d: byte %d flipped by %#x: %s prints with exit 0\n%s\nand the whole file\n%s", seed, place, flip, what, text, want[what])
			}
		}
	}
	t.Logf("seed %d: %d flips, %d of them refused", seed, flips, refused)
}
