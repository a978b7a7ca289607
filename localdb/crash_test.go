package localdb

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"counterfoil/app/books"
	"counterfoil/app/document"
)

// child plays a process of its own: "save" saves drafts for ever and prints each
// id after its save returned; "hold" takes the file exclusively until stdin ends; "window" locks the folder until then.
func child(role, path string) int {
	ctx := context.Background()
	if role == "window" {
		if _, err := LockWindow(ctx, path); err != nil {
			fmt.Println("error", err)
			return 1
		}
		fmt.Println("held")
		_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
		return 0
	}
	d, err := Open(ctx, path, Options{})
	if err != nil {
		fmt.Println("error", err)
		return 1
	}
	defer d.Close()
	if role == "hold" {
		if _, err := d.writer.conn.ExecContext(ctx, `BEGIN EXCLUSIVE`); err != nil {
			fmt.Println("error", err)
			return 1
		}
		fmt.Println("held")
		_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
		return 0
	}
	start, _ := strconv.Atoi(os.Getenv("COUNTERFOIL_START"))
	for i := start; ; i++ {
		v, _ := sample(i, 5)
		if _, err := d.SaveInvoice(ctx, v, 0, books.Put, books.HistoryEntry{Event: "drafted"}); err != nil {
			fmt.Println("error", err)
			return 1
		}
		fmt.Println(i)
	}
}

func childCommand(t *testing.T, role, path string, env ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(self)
	c.Env = append(os.Environ(), append(env, "COUNTERFOIL_CHILD="+role, "COUNTERFOIL_FILE="+path)...)
	c.Stderr = os.Stderr
	return c
}

// TestKilled kills a process that saves and looks for every invoice it had
// reported. COUNTERFOIL_KILLS sets how often; COUNTERFOIL_SEED repeats a run.
func TestKilled(t *testing.T) {
	kills := 10
	if n, err := strconv.Atoi(os.Getenv("COUNTERFOIL_KILLS")); err == nil {
		kills = n
	}
	seed, err := strconv.ParseUint(os.Getenv("COUNTERFOIL_SEED"), 10, 64)
	if err != nil {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d, %d kills", seed, kills)
	random := rand.New(rand.NewPCG(seed, 0))
	path := filepath.Join(t.TempDir(), "killed.db")
	openAt(t, path).Close()
	var saved []int
	for k := range kills {
		saved = append(saved, killOnce(t, path, k*1_000_000, time.Duration(random.IntN(60_000))*time.Microsecond)...)
		verifySaved(t, path, saved, k == kills-1)
	}
	if len(saved) == 0 {
		t.Fatal("no child saved anything")
	}
	t.Logf("%d saves survived %d kills", len(saved), kills)
}

// killOnce lets a child save and kills it some time after its first save.
func killOnce(t *testing.T, path string, start int, after time.Duration) []int {
	t.Helper()
	c := childCommand(t, "save", path, "COUNTERFOIL_START="+strconv.Itoa(start))
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	var ids []int
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if err != nil { // a half line was no report
			break
		}
		id, err := strconv.Atoi(strings.TrimSpace(line))
		if err != nil {
			t.Fatalf("child: %s", line)
		}
		if ids = append(ids, id); len(ids) == 1 {
			timer := time.AfterFunc(after, func() { _ = c.Process.Kill() })
			defer timer.Stop()
		}
	}
	_ = c.Wait() // killed: always an error
	return ids
}

func verifySaved(t *testing.T, path string, saved []int, all bool) {
	t.Helper()
	ctx := context.Background()
	d, err := Open(ctx, path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := d.IntegrityCheck(ctx); err != nil {
		t.Fatal(err)
	}
	// No half saves: each invoice has each of its rows.
	var odd int
	err = d.one(ctx, `SELECT count(*) FROM invoice i WHERE
		(SELECT count(*) FROM body b WHERE b.n = i.n) <> 1 OR (SELECT count(*) FROM search s WHERE s.n = i.n) <> 1 OR
		(SELECT count(*) FROM outbox o WHERE o.document_id = i.id) <> 1 OR (SELECT count(*) FROM history h WHERE h.document = i.id) <> 1`, nil, &odd)
	if err != nil || odd != 0 {
		t.Fatalf("%d half saves, %v", odd, err)
	}
	if !all && len(saved) > 50 {
		saved = saved[len(saved)-50:] // the whole list is looked at in the last round
	}
	for _, i := range saved {
		want, _ := sample(i, 5)
		got, err := d.Invoice(ctx, want.ID)
		if err != nil {
			t.Fatalf("save %d was reported and is gone: %v", i, err)
		}
		a, _ := document.Encode(want)
		b, _ := document.Encode(got.Invoice)
		if string(a) != string(b) || got.Pending != books.Unsent {
			t.Fatalf("save %d is not whole", i)
		}
	}
}
