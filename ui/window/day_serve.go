//go:build daytest

package window

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"strings"

	"counterfoil/sync/fault"
	"counterfoil/sync/probe"
	"counterfoil/ui/screen"
)

// A test build answers on the unix socket that COUNTERFOIL_DAY names, one line a
// connection:
//
//	state           the state of the window as JSON
//	texts           the words that the page shows
//	finding ID      the self-check finds this fault of the catalogue from now on
//	finding -       the self-check looks again
//	fault ID on|off a switch of the practice server, as if the server did it
//	edit ID         the second branch edits this draft on the server
func init() {
	serveDay = func(p *program) {
		at := os.Getenv("COUNTERFOIL_DAY")
		if at == "" {
			return
		}
		_ = os.Remove(at) // of a run that was killed
		l, err := net.Listen("unix", at)
		if err != nil {
			fmt.Fprintln(os.Stderr, "day:", err)
			return
		}
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				line, err := bufio.NewReader(c).ReadString('\n')
				if err == nil {
					err = json.NewEncoder(c).Encode(p.answer(strings.Fields(line)))
				}
				if err != nil {
					fmt.Fprintln(os.Stderr, "day:", err)
				}
				_ = c.Close()
			}
		}()
	}
}

func (p *program) answer(words []string) (out any) {
	var err error
	switch {
	case len(words) == 1 && words[0] == "state":
		p.post.wait(func() { out = p.state() })
		return out
	case len(words) == 1 && words[0] == "texts":
		p.post.wait(func() { out = p.texts() })
		return out
	case len(words) == 2 && words[0] == "finding":
		p.post.wait(func() { p.now.find(fault.ID(words[1])) })
	case len(words) == 3 && words[0] == "fault" && p.now.server != nil:
		err = p.now.server.Set(words[1], words[2] == "on")
	case len(words) == 2 && words[0] == "edit" && p.now.server != nil:
		_, err = p.now.server.SecondBranch.EditDraft(p.ctx, words[1])
	default:
		err = fmt.Errorf("what is %q?", words)
	}
	if err != nil {
		return map[string]string{"error": err.Error()}
	}
	return map[string]bool{"ok": true}
}

// texts are the words that the page shows, without those of the rail.
func (p *program) texts() []string {
	if p.now.shell == nil || p.turning {
		return nil
	}
	return screen.Texts(p.now.shell.body)
}

// find makes the self-check find a fault.
func (w *window) find(id fault.ID) {
	if id == "-" {
		w.check.look = newSelfCheck(w.d, w.words).look
		return
	}
	report := probe.Report{
		Verdict: fault.Verdict{Finding: fault.Finding{Fault: id, Confidence: fault.Likely}},
		Checks:  []probe.Check{{ID: "server", Result: "said", Title: fault.Text{ZH: "发票服务器", EN: "Invoice server"}, State: probe.Bad, MS: 1}},
	}
	w.check.look = func(_ context.Context, progress func(probe.Check), _ ...string) probe.Report {
		if progress != nil {
			progress(report.Checks[0])
		}
		return report
	}
}
