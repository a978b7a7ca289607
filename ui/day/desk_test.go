//go:build daytest

package day

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// state is what the window tells of itself.
type state struct {
	Page, Folder, Language  string
	Practice, Turning, Band bool
	Dark, Online            bool
	Waiting                 int
	Fault                   string
	Next                    float64
	Pill                    struct{ State, Text, Sub, Send string }
	Dialog                  []string
	Controls                []control
	Focus                   focus
	Editor                  editor
	List                    struct {
		Rows             []row
		Selected, Search string
		Notice           string
	}
	Conflicts struct {
		Cards, Rows []json.RawMessage
		Missing     int
		Ready, Busy bool
		Message     string
	}
	Wizard struct {
		Stage, Fault, Title, Message string
		Steps, Step                  int
		Acting, Rechecking, Folded   bool
	}
	PracticePage struct {
		Faults []struct {
			ID string
			On bool
		}
		Message string
	} `json:"practice_page"`
}

type focus struct {
	Kind, Name, Text string
	Row, Col         int
	Disabled         bool
}

type control struct {
	Kind, Text                  string
	X, Y, W, H                  int
	Disabled, On, Focused, High bool
}

type editor struct {
	ID, Reference, Number, State, Message string
	Editable, Unsaved                     bool
	Fields                                map[string]string
	Buyer, Taxno, Remark, Date            string
	Cells                                 [][]string
	Issues, Offers                        []string
	Net, Tax, Gross                       string
	Row, Col                              int
	Text, Selected                        string
}

type row struct {
	ID, Reference, Number, Buyer, State, Gross, Pending, Rejection string
	Conflict                                                       bool
}

// Where things are, for the whole run.
var (
	binary  string
	display string
	seed    uint64
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	root, err := filepath.Abs("../..")
	if err != nil {
		return fail(err)
	}
	seed = uint64(time.Now().UnixNano())
	if s := os.Getenv("COUNTERFOIL_SEED"); s != "" {
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			return fail(err)
		}
	}
	fmt.Printf("seed %d: COUNTERFOIL_SEED=%d repeats it\n", seed, seed)
	work, err := os.MkdirTemp("", "day")
	if err != nil {
		return fail(err)
	}
	defer os.RemoveAll(work)
	binary = filepath.Join(work, "counterfoil")
	// Without the tag migrated_fynedo Fyne says which call came from the wrong goroutine.
	build := exec.Command("go", "build", "-tags", "daytest,no_emoji", "-o", binary, ".")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		return fail(fmt.Errorf("%w: %s", err, out))
	}
	stop, err := screen(work)
	if err != nil {
		return fail(err)
	}
	defer stop()
	return m.Run()
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, "day:", err)
	return 1
}

const openbox = `<?xml version="1.0"?>
<openbox_config xmlns="http://openbox.org/3.4/rc">
<keyboard><keybind key="A-F4"><action name="Close"/></keybind></keyboard>
<applications><application class="*"><decor>no</decor><maximized>yes</maximized><focus>yes</focus></application></applications>
</openbox_config>`

// screen starts a virtual display with a window manager.
func screen(work string) (stop func(), err error) {
	for n := 60; n < 120; n++ {
		if _, err := os.Stat(fmt.Sprintf("/tmp/.X11-unix/X%d", n)); errors.Is(err, os.ErrNotExist) {
			display = fmt.Sprintf(":%d", n)
			break
		}
	}
	size := os.Getenv("COUNTERFOIL_SCREEN")
	if size == "" {
		size = "1366x768x24"
	}
	x := exec.Command("Xvfb", display, "-screen", "0", size, "-nolisten", "tcp")
	if err := x.Start(); err != nil {
		return nil, err
	}
	stop = func() { _ = x.Process.Kill(); _ = x.Wait() }
	if err := until(20*time.Second, func() bool { return tool("xdpyinfo").Run() == nil }); err != nil {
		stop()
		return nil, fmt.Errorf("no display: %w", err)
	}
	rc := filepath.Join(work, "rc.xml")
	if err := os.WriteFile(rc, []byte(openbox), 0o600); err != nil {
		stop()
		return nil, err
	}
	wm := tool("openbox", "--config-file", rc)
	if err := wm.Start(); err != nil {
		stop()
		return nil, err
	}
	end := stop
	stop = func() { _ = wm.Process.Kill(); _ = wm.Wait(); end() }
	// It manages windows once it has said so on the root window.
	if err := until(20*time.Second, func() bool {
		out, err := tool("xprop", "-root", "_NET_SUPPORTING_WM_CHECK").Output()
		return err == nil && bytes.Contains(out, []byte("0x"))
	}); err != nil {
		stop()
		return nil, fmt.Errorf("no window manager: %w", err)
	}
	return stop, nil
}

func tool(name string, args ...string) *exec.Cmd {
	c := exec.Command(name, args...)
	c.Env = append(os.Environ(), "DISPLAY="+display, "LANG=C.UTF-8")
	return c
}

// until waits for a condition.
func until(limit time.Duration, ok func() bool) error {
	end, tick := time.After(limit), time.NewTicker(20*time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-end:
			return fmt.Errorf("not within %s", limit)
		}
	}
	return nil
}

// desk is a window on one data folder.
type desk struct {
	t      *testing.T
	rng    *rand.Rand
	dir    string
	data   string
	args   []string
	cmd    *exec.Cmd
	log    bytes.Buffer
	done   chan struct{} // closed when the program has ended
	steps  []string
	killed bool
}

// start opens the window on a new folder.
func start(t *testing.T, args ...string) *desk {
	t.Helper()
	dir := t.TempDir()
	h := uint64(14695981039346656037)
	for _, b := range []byte(t.Name()) {
		h = (h ^ uint64(b)) * 1099511628211
	}
	d := &desk{t: t, rng: rand.New(rand.NewPCG(seed, h)), dir: dir, data: filepath.Join(dir, "d"), args: args}
	t.Cleanup(func() {
		if t.Failed() {
			d.picture(strings.ReplaceAll(t.Name(), "/", "-"))
		}
		if d.cmd != nil {
			d.kill()
		}
		if bad := wrong(d.log.String()); bad != "" {
			t.Errorf("the program said: %s", bad)
		}
		if t.Failed() {
			d.report()
		}
	})
	if err := os.MkdirAll(filepath.Join(dir, ".cache"), 0o700); err != nil {
		t.Fatal(err)
	}
	d.open()
	return d
}

// practise opens it in practice, on line and with its sample data.
func practise(t *testing.T) *desk {
	t.Helper()
	d := start(t, "--practice")
	d.until("the first sync", func(s *state) bool { return s.Online && len(s.List.Rows) > 0 && s.Page == "invoices" })
	return d
}

// wrong finds in the log what must never stand there.
func wrong(log string) string {
	for _, line := range strings.Split(log, "\n") {
		for _, bad := range []string{"Error in Fyne call thread", "panic:", "fatal error:", "DATA RACE", "  From: "} {
			if strings.Contains(line, bad) {
				return line
			}
		}
	}
	return ""
}

func (d *desk) socket() string { return filepath.Join(d.dir, "s") }

// open starts the program on the folder as it is.
func (d *desk) open() {
	d.t.Helper()
	d.step("open %v", d.args)
	d.cmd = exec.Command(binary, append([]string{"--data", d.data, "--keyring", "memory", "--lang", "zh", "--theme", "light"}, d.args...)...)
	d.cmd.Env = append(os.Environ(), "DISPLAY="+display, "LANG=zh_CN.UTF-8", "COUNTERFOIL_DAY="+d.socket(), "HOME="+d.dir, "XDG_CONFIG_HOME="+d.dir, "XDG_RUNTIME_DIR="+d.dir)
	d.cmd.Stdout, d.cmd.Stderr = &d.log, &d.log
	if err := d.cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	d.done, d.killed = make(chan struct{}), false
	go func(c *exec.Cmd, done chan struct{}) {
		defer close(done)
		_ = c.Wait() // how it ended is told by who waits for it
	}(d.cmd, d.done)
	d.until("the window", func(s *state) bool { return s.Page != "" && !s.Turning })
	d.focusWindow()
}

// focusWindow gives the window the keyboard, as a click on the task bar does.
func (d *desk) focusWindow() {
	d.t.Helper()
	err := until(20*time.Second, func() bool {
		out, err := tool("xdotool", "search", "--onlyvisible", "--pid", strconv.Itoa(d.cmd.Process.Pid)).Output()
		id := strings.Fields(string(out))
		if err != nil || len(id) == 0 {
			return false
		}
		return tool("xdotool", "windowfocus", "--sync", id[0]).Run() == nil
	})
	if err != nil {
		d.t.Fatal("the window never had the keyboard: ", err)
	}
}

// ask sends a command to the program.
func (d *desk) ask(line string, out any) error {
	c, err := net.DialTimeout("unix", d.socket(), time.Second)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(c, line); err != nil {
		return err
	}
	return json.NewDecoder(bufio.NewReader(c)).Decode(out)
}

// tell is ask where the answer is only that it was done.
func (d *desk) tell(format string, args ...any) {
	d.t.Helper()
	line := fmt.Sprintf(format, args...)
	d.step("tell %s", line)
	var said struct{ Error string }
	if err := d.ask(line, &said); err != nil || said.Error != "" {
		d.t.Fatal(line, err, said.Error)
	}
}

// state reads the window's state; a busy window may take its time.
func (d *desk) state() *state {
	d.t.Helper()
	return d.within(d.patience(), "the state", func(*state) bool { return true })
}

// until waits until the window shows something.
func (d *desk) until(what string, ok func(*state) bool) *state {
	d.t.Helper()
	return d.within(d.patience(), what, ok)
}

func (d *desk) within(limit time.Duration, what string, ok func(*state) bool) *state {
	d.t.Helper()
	var s *state
	if err := until(limit, func() bool {
		select {
		case <-d.done:
			return true
		default:
		}
		s = &state{}
		return d.ask("state", s) == nil && ok(s)
	}); err != nil {
		d.t.Fatalf("%s: %v", what, err)
	}
	select {
	case <-d.done:
		d.t.Fatalf("the program ended while %s was waited for: %s", what, d.log.String())
	default:
	}
	return s
}

func (d *desk) step(format string, args ...any) {
	d.steps = append(d.steps, fmt.Sprintf(format, args...))
}

// keys presses keys, one after the other.
func (d *desk) keys(names ...string) {
	d.t.Helper()
	d.step("keys %s", strings.Join(names, " "))
	if out, err := tool("xdotool", append([]string{"key", "--delay", "6"}, names...)...).CombinedOutput(); err != nil {
		d.t.Fatalf("xdotool: %v: %s", err, out)
	}
}

// text types ASCII as fast as a machine.
func (d *desk) text(s string) {
	d.t.Helper()
	d.step("type %q", s)
	if out, err := tool("xdotool", "type", "--delay", "6", s).CombinedOutput(); err != nil {
		d.t.Fatalf("xdotool: %v: %s", err, out)
	}
}

// script presses and types in one go, without a pause between: "key:Tab", "type:abc".
func (d *desk) script(parts ...string) {
	d.t.Helper()
	d.step("script %q", parts)
	var args []string
	for _, p := range parts {
		kind, what, _ := strings.Cut(p, ":")
		args = append(args, kind)
		if kind == "type" {
			args = append(args, "--args", "1")
		}
		args = append(args, "--delay", "6", what)
	}
	if out, err := tool("xdotool", args...).CombinedOutput(); err != nil {
		d.t.Fatalf("xdotool: %v: %s", err, out)
	}
}

// clipboard holds a text as another program left it there.
func (d *desk) clipboard(s string) {
	d.t.Helper()
	d.step("clipboard %q", s)
	c := tool("xclip", "-selection", "clipboard", "-in")
	c.Stdin = strings.NewReader(s)
	if err := c.Run(); err != nil {
		d.t.Fatal("xclip: ", err)
	}
}

// click presses the middle of a control with the pointer, where it has come to rest.
func (d *desk) click(c control) {
	d.t.Helper()
	last := control{X: -1}
	if err := until(d.patience(), func() bool {
		for _, now := range d.state().Controls {
			if now.Kind == c.Kind && now.Text == c.Text && now.W > 0 {
				rest := now == last
				last = now
				return rest
			}
		}
		return false
	}); err != nil {
		d.t.Fatalf("the %s %q never came to rest: %+v", c.Kind, c.Text, last)
	}
	d.step("click %s %q at %d,%d", last.Kind, last.Text, last.X+last.W/2, last.Y+last.H/2)
	if out, err := tool("xdotool", "mousemove", strconv.Itoa(last.X+last.W/2), strconv.Itoa(last.Y+last.H/2), "click", "1").CombinedOutput(); err != nil {
		d.t.Fatalf("xdotool: %v: %s", err, out)
	}
}

// press finds a control by the beginning of its words and clicks it.
func (d *desk) press(words string) {
	d.t.Helper()
	s := d.until("the control "+words, func(s *state) bool { return s.control(words) != nil })
	d.click(*s.control(words))
}

func (s *state) control(words string) *control {
	for i, c := range s.Controls {
		if strings.HasPrefix(c.Text, words) && !c.Disabled {
			return &s.Controls[i]
		}
	}
	return nil
}

// patience is how long anything may take to be seen on a busy machine.
func (d *desk) patience() time.Duration { return 40 * time.Second }

// tabTo goes to a control with Tab alone.
func (d *desk) tabTo(what string, ok func(control) bool) {
	d.t.Helper()
	for range 60 {
		s := d.state()
		for _, c := range s.Controls {
			if c.Focused && ok(c) {
				return
			}
		}
		before := s.Focus
		d.keys("Tab")
		d.until("the next focus", func(s *state) bool { return s.Focus != before })
	}
	d.t.Fatalf("Tab never reached %s", what)
}

// close closes the window as the window manager does.
func (d *desk) close() {
	d.t.Helper()
	d.keys("alt+F4")
	d.ended()
}

func (d *desk) ended() {
	d.t.Helper()
	select {
	case <-d.done:
	case <-time.After(15 * time.Second):
		d.t.Fatal("the program did not end")
	}
	if code := d.cmd.ProcessState.ExitCode(); code != 0 && !d.killed {
		d.t.Fatalf("the program ended with %d: %s", code, d.log.String())
	}
	d.cmd = nil
}

// kill ends the program as a power cut does.
func (d *desk) kill() {
	d.step("kill -9")
	d.killed = true
	_ = d.cmd.Process.Signal(syscall.SIGKILL) // it may have ended by itself
	<-d.done
	d.cmd = nil
}

// report prints what leads to the failure again.
func (d *desk) report() {
	d.t.Logf("seed %d; steps:\n  %s", seed, strings.Join(d.steps, "\n  "))
	dir := filepath.Join("..", "..", "out", "day")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		d.t.Log(err)
		return
	}
	d.t.Logf("the program wrote:\n%s", d.log.String())
}

// picture keeps the screen as it is.
func (d *desk) picture(name string) {
	dir := filepath.Join("..", "..", "out", "day")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		d.t.Log(err)
		return
	}
	ctx, stop := context.WithTimeout(context.Background(), 10*time.Second)
	defer stop()
	c := exec.CommandContext(ctx, "import", "-window", "root", filepath.Join(dir, name+".png"))
	c.Env = append(os.Environ(), "DISPLAY="+display)
	if out, err := c.CombinedOutput(); err != nil {
		d.t.Logf("no picture: %v: %s", err, out)
		return
	}
	d.t.Logf("picture: out/day/%s.png", name)
}
