package lab

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// What to run; make lab ARGS="…" passes these.
var (
	whole   = flag.Bool("whole", false, "every case instead of the slice")
	only    = flag.String("run", "", "`REGEX` of case names")
	family  = flag.String("family", "", "letters of the `FAMILIES` to run, like NT")
	kinds   = flag.String("kind", "", "single, double, healthy or cure, comma between")
	workers = flag.Int("workers", 2, "`N` worlds beside each other")
	often   = flag.Int("times", 1, "every case `N` times")
	every   = flag.Int("every", 1, "only each `Nth` of them, a sample")
	tools   = flag.String("tools", "", "`DIR` with cfoil and syncd; empty builds them")
	show    = flag.Bool("show", false, "print what was observed in a case that is wrong")
	look    = flag.Bool("look", false, "print what was observed in every case")
	keep    = flag.String("out", "", "`FILE` for the JSON table; empty is out/lab.json when every case is run")
)

func TestMain(m *testing.M) {
	if os.Getenv("COUNTERFOIL_LAB_WORLD") != "" {
		os.Exit(work())
	}
	os.Exit(m.Run())
}

// work is a worker: it reads names of cases and writes results, one a line.
func work() int {
	flag.Parse()
	w, err := newWorld(os.Getenv("COUNTERFOIL_LAB_WORLD"), *tools)
	if err != nil {
		fmt.Fprintln(os.Stderr, "lab:", err)
		return 1
	}
	defer w.close()
	cases := map[string]trial{}
	for _, t := range trials() {
		cases[t.name] = t
	}
	out := json.NewEncoder(os.Stdout)
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		if in.Text() == "idle" {
			if err := out.Encode(w.idle(*idleFor)); err != nil {
				return 1
			}
			continue
		}
		if err := out.Encode(w.run(cases[in.Text()])); err != nil {
			return 1
		}
	}
	return 0
}

// slice are the cases of make test: a few of each layer.
var slice = regexp.MustCompile(`^(OK (plain|port 8443|container bridges present)|N0[14] (cable out|no gateway)|D0[35] (name server refuses|no such name)|T0[13] (stopped|server silent)|S0[14] (expired yesterday|of mail.test)|H16 a page|X04 CONNECT 403)$`)

// ready skips where there is no laboratory, and builds the programs.
func ready(t *testing.T) {
	t.Helper()
	for _, tool := range []string{"unshare", "nsenter", "ip", "nft", "mount", "curl", "openssl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip("no network to break: ", err)
		}
	}
	if out, err := unshare("true").CombinedOutput(); err != nil {
		t.Skipf("this system gives no namespaces: %v %s", err, out)
	}
	if *tools == "" {
		*tools = t.TempDir()
		build := exec.Command("go", "build", "-o", *tools+"/", "counterfoil/sync/cmd/cfoil", "counterfoil/sync/cmd/syncd")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v %s", err, out)
		}
	}
}

func TestLab(t *testing.T) {
	ready(t)
	seen := map[string]bool{}
	for _, c := range trials() {
		if seen[c.name] {
			t.Errorf("two cases are called %q", c.name)
		}
		seen[c.name] = true
	}
	for program := range missing {
		fmt.Printf("%s is not installed: the cases that it plays are left out\n", program)
	}
	cases := chosen()
	if len(cases) == 0 {
		t.Fatal("no case is called so")
	}
	results := runAll(t, cases, *tools)
	report(t, results)
}

// chosen are the cases that the flags pick.
func chosen() (out []trial) {
	name, n := regexp.MustCompile(*only), 0
	for _, c := range trials() {
		kind := c.kind
		if kind == "" {
			kind = single
		}
		switch {
		case !*whole && !slice.MatchString(c.name):
		case !name.MatchString(c.name):
		case *family != "" && !strings.Contains(*family, c.family()):
		case *kinds != "" && !strings.Contains(*kinds, kind):
		case lacks(c.needs):
			fmt.Printf("%-46s left out: there is no %s here\n", c.name, c.needs)
		default:
			if n++; n%max(*every, 1) != 0 {
				continue
			}
			for range *often {
				out = append(out, c)
			}
		}
	}
	return out
}

// lacks reports whether a program is wanted that this computer does not have.
func lacks(program string) bool {
	if program == "" {
		return false
	}
	_, err := exec.LookPath(program)
	return err != nil
}

func unshare(args ...string) *exec.Cmd {
	all := []string{"--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"}
	if os.Getuid() != 0 {
		all = append(all, "--user", "--map-root-user")
	}
	return exec.Command("unshare", append(all, args...)...)
}

// runAll deals the cases out to workers and prints each result as it comes.
func runAll(t *testing.T, cases []trial, tools string) []result {
	n := min(*workers, len(cases))
	if !*whole {
		n = 1
	}
	next := make(chan int)
	results := make([]result, len(cases))
	var group sync.WaitGroup
	var mu sync.Mutex
	for range n {
		dir := t.TempDir()
		group.Go(func() {
			c := unshare(os.Args[0], "-tools", tools, fmt.Sprintf("-packets=%v", *packets), fmt.Sprintf("-look=%v", *look))
			c.Env = append(os.Environ(), "COUNTERFOIL_LAB_WORLD="+dir)
			var errs bytes.Buffer
			c.Stderr = &errs
			in, err := c.StdinPipe()
			if err != nil {
				t.Error(err)
				return
			}
			out, err := c.StdoutPipe()
			if err != nil {
				t.Error(err)
				return
			}
			if err := c.Start(); err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = in.Close(); _ = c.Wait() }()
			lines := bufio.NewReader(out)
			for i := range next {
				r := result{Name: cases[i].name, Kind: cases[i].kind, Family: cases[i].family(), Want: cases[i].want}
				if _, err := io.WriteString(in, cases[i].name+"\n"); err != nil {
					r.Lab = err.Error()
				} else if line, err := lines.ReadBytes('\n'); err != nil {
					r.Lab = fmt.Sprintf("the worker ended: %v %s", err, errs.String())
				} else if err := json.Unmarshal(line, &r); err != nil {
					r.Lab = err.Error()
				}
				mu.Lock()
				results[i] = r
				fmt.Println(r.line())
				if *packets {
					fmt.Println(r.Packets)
				}
				if *show && (!r.Right || *packets) || *look {
					fmt.Println(r.details())
				}
				mu.Unlock()
			}
		})
	}
	start := time.Now()
	for i := range cases {
		next <- i
	}
	close(next)
	group.Wait()
	t.Logf("%d cases in %v", len(cases), time.Since(start).Round(time.Second))
	return results
}

// root is the folder of the module.
func root() string {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "."
	}
	return filepath.Dir(strings.TrimSpace(string(out)))
}
