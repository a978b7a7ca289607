package backup

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"counterfoil/localdb"
)

// TestMain also plays the process that is killed.
func TestMain(m *testing.M) {
	if role := os.Getenv("COUNTERFOIL_CHILD"); role != "" {
		os.Exit(child(role, os.Getenv("COUNTERFOIL_FOLDER")))
	}
	os.Exit(m.Run())
}

// child makes backups for ever, or restores, and says when it begins.
func child(role, dir string) int {
	ctx := context.Background()
	s := Shelf{Data: dir, Version: "test", Now: time.Now, Free: func(string) (uint64, error) { return 1 << 40, nil }}
	fmt.Println("begins")
	if role == "restore" {
		if _, err := Restore(ctx, s.plan()); err != nil {
			fmt.Println(err)
			return 1
		}
		return 0
	}
	d, err := localdb.Open(ctx, filepath.Join(dir, localdb.FileName), localdb.Options{})
	for err == nil {
		_, err = s.Make(ctx, d, ByClock)
	}
	fmt.Println(err)
	return 1
}

func killed(t *testing.T, role, dir string, after time.Duration) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(self)
	c.Env = append(os.Environ(), "COUNTERFOIL_CHILD="+role, "COUNTERFOIL_FOLDER="+dir)
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if lines.Scan() {
		timer := time.AfterFunc(after, func() { _ = c.Process.Kill() })
		defer timer.Stop()
	}
	for lines.Scan() {
		t.Error(role, "says:", lines.Text())
	}
	_ = c.Wait() // killed: mostly an error
}

// A process that is killed in mid-backup or mid-restore loses nothing: every
// backup in the list is whole, and the data are those of before or those restored.
// COUNTERFOIL_KILLS sets how often; COUNTERFOIL_SEED repeats a run.
func TestKilled(t *testing.T) {
	t.Parallel()
	kills := 6
	if n, err := strconv.Atoi(os.Getenv("COUNTERFOIL_KILLS")); err == nil {
		kills = n
	}
	seed, err := strconv.ParseUint(os.Getenv("COUNTERFOIL_SEED"), 10, 64)
	if err != nil {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d, %d kills", seed, kills)
	random, ctx := rand.New(rand.NewPCG(seed, 0)), context.Background()
	w := work(t)
	for range kills {
		killed(t, "backup", w.Data, time.Duration(random.IntN(150))*time.Millisecond)
		all, err := w.List()
		if err != nil || len(all) == 0 || len(all) > newest+daily+weekly {
			t.Fatal(len(all), err)
		}
		for _, b := range all {
			if _, err := b.Verify(ctx); err != nil {
				t.Errorf("%s is in the list and not whole: %v", b.Path, err)
			}
		}
	}
	damaged, err := os.ReadFile(w.file)
	if err != nil {
		t.Fatal(err)
	}
	clear(damaged[:4096])
	states := map[string]int{}
	for range kills {
		if err := errors.Join(os.WriteFile(w.file, damaged, 0o600)); err != nil {
			t.Fatal(err)
		}
		killed(t, "restore", w.Data, time.Duration(random.IntN(400))*time.Millisecond)
		d, err := localdb.Open(ctx, w.file, localdb.Options{})
		if err != nil { // as it was: damaged, to be restored again
			states["before"]++
			if _, err = Restore(ctx, w.plan()); err == nil {
				d, err = localdb.Open(ctx, w.file, localdb.Options{})
			}
		} else {
			states["restored"]++
		}
		if err != nil {
			t.Fatal(err)
		}
		if diff := differ(state(t, d), w.after); len(diff) > 0 {
			t.Errorf("%d documents are not as they were: %s", len(diff), diff[0])
		}
		d.Close()
	}
	t.Log(states)
}
