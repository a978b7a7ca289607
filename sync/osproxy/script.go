package osproxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/dop251/goja"
)

// Limits of a script.
const (
	fetchBudget = time.Second
	runBudget   = 500 * time.Millisecond
	scriptSize  = 1 << 20 // bytes
)

// Steps at which a script fails.
const (
	StepFetch  = "fetch"  // it does not come
	StepType   = "type"   // what comes is no script
	StepRun    = "run"    // it fails, or takes too long
	StepAnswer = "answer" // what it says is nothing that can be used
)

// ScriptError is how a script fails.
type ScriptError struct {
	Step   string
	Status int // HTTP status of the fetch; 0: none
	Err    error
}

func (e *ScriptError) Error() string {
	if e.Status != 0 {
		return fmt.Sprintf("proxy script: %s: status %d", e.Step, e.Status)
	}
	return fmt.Sprintf("proxy script: %s: %v", e.Step, e.Err)
}

func (e *ScriptError) Unwrap() error { return e.Err }

// Fetch returns the text of a script. It is asked for without any proxy. The errors
// are *ScriptError.
func Fetch(ctx context.Context, at string) (string, error) {
	u, err := url.Parse(at)
	if err != nil {
		return "", &ScriptError{Step: StepFetch, Err: err}
	}
	if u.Scheme == "file" {
		name := u.Path
		if runtime.GOOS == "windows" {
			name = strings.TrimPrefix(name, "/")
		}
		raw, err := os.ReadFile(name)
		if err != nil {
			return "", &ScriptError{Step: StepFetch, Err: err}
		}
		return checked(string(raw))
	}
	ctx, cancel := context.WithTimeout(ctx, fetchBudget)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return "", &ScriptError{Step: StepFetch, Err: err}
	}
	t := &http.Transport{DisableKeepAlives: true, MaxResponseHeaderBytes: 64 << 10}
	resp, err := (&http.Client{Transport: t}).Do(req)
	if err != nil {
		return "", &ScriptError{Step: StepFetch, Err: err}
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return "", &ScriptError{Step: StepFetch, Status: resp.StatusCode}
	}
	raw, err := io.ReadAll(io.LimitReader(resp.Body, scriptSize))
	if err != nil {
		return "", &ScriptError{Step: StepFetch, Err: err}
	}
	return checked(string(raw))
}

// checked is a text that may be a script.
func checked(text string) (string, error) {
	if !strings.Contains(text, "FindProxyForURL") || strings.HasPrefix(strings.TrimSpace(text), "<") {
		return "", &ScriptError{Step: StepType, Err: errors.New("it has no FindProxyForURL")}
	}
	return text, nil
}

// Run asks a script for the proxy of an address, nil for none. The errors are
// *ScriptError. As browsers do, it is told the host of an https address alone.
func Run(ctx context.Context, script string, u *url.URL) (*url.URL, error) {
	vm := goja.New()
	late := time.AfterFunc(runBudget, func() { vm.Interrupt("it takes too long") })
	defer late.Stop()
	failed := func(err error) (*url.URL, error) { return nil, &ScriptError{Step: StepRun, Err: err} }
	for name, f := range helpers(ctx) {
		if err := vm.Set(name, f); err != nil {
			return failed(err)
		}
	}
	if _, err := vm.RunString(script); err != nil {
		return failed(err)
	}
	find, ok := goja.AssertFunction(vm.Get("FindProxyForURL"))
	if !ok {
		return failed(errors.New("FindProxyForURL is no function"))
	}
	said, err := find(goja.Undefined(), vm.ToValue(u.Scheme+"://"+u.Host+"/"), vm.ToValue(u.Hostname()))
	if err != nil {
		return failed(err)
	}
	return choice(said.String())
}

// choice reads the first that can be used of "PROXY a:1; SOCKS b:2; DIRECT".
func choice(text string) (*url.URL, error) {
	for _, c := range strings.Split(text, ";") {
		f := strings.Fields(c)
		if len(f) == 0 {
			continue
		}
		scheme, ok := map[string]string{"PROXY": "http", "HTTP": "http", "HTTPS": "https", "SOCKS": "socks5", "SOCKS5": "socks5"}[strings.ToUpper(f[0])]
		switch {
		case strings.EqualFold(f[0], "DIRECT"):
			return nil, nil
		case ok && len(f) == 2:
			if p := proxyURL(scheme, f[1]); p != nil {
				return p, nil
			}
		}
	}
	return nil, &ScriptError{Step: StepAnswer, Err: fmt.Errorf("%.80q", text)}
}
