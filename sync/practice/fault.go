package practice

import (
	"context"
	_ "embed" // faults.json
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"counterfoil/app/books"
)

// Fault is one switch.
type Fault struct {
	ID      string  `json:"id"`
	TitleEN string  `json:"en"`
	TitleZH string  `json:"zh"`
	Does    Effect  `json:"does"`
	Answer  *answer `json:"answer"` // what comes in the server's place; nil: nothing
	On      bool    `json:"-"`
}

// Effect is what a switch does to the server.
type Effect string

// The effects. Refuse only gives the switch's answer.
const (
	Stop            Effect = "stop"
	ExpireCert      Effect = "certificate_expired"
	certOfOtherHost Effect = "certificate_of_another_host"
	certOfStranger  Effect = "certificate_of_a_stranger"
	certOfNew       Effect = "certificate_of_a_new_authority"
	certIntercepted Effect = "certificate_of_an_interceptor"
	shiftClock      Effect = "shift_clock"
	speakPlainly    Effect = "speak_plainly"
	beOld           Effect = "be_old"
	beAnother       Effect = "be_another"
	showPage        Effect = "show_a_page"
	pause           Effect = "pause"
	cut             Effect = "cut"
	lose            Effect = "lose"
	loseDatabase    Effect = "lose_the_database"
	loseTaxService  Effect = "lose_the_tax_service"
	beSlow          Effect = "be_slow"
	refuse          Effect = "refuse"
)

// inConnection are met only by a connection that is made after the switch.
func (e Effect) inConnection() bool {
	return e == Stop || e == speakPlainly || slices.Contains(certEffects, e)
}

// answer is a refusal. Guarded: only where a token is needed.
type answer struct {
	Status    int    `json:"status"`
	Wait      int    `json:"wait"` // seconds; 0 is not said
	Code      string `json:"code"`
	Title     string `json:"title"`
	Challenge string `json:"challenge"`
	Guarded   bool   `json:"guarded"`
}

//go:embed faults.json
var faultsJSON []byte

// faults are the switches. A test reads the file; without it there is none.
var faults = sync.OnceValue(func() []Fault {
	var all []Fault
	if err := json.Unmarshal(faultsJSON, &all); err != nil {
		return nil
	}
	return all
})

// Faults lists the switches as they are.
func (p *Practice) Faults() []Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := slices.Clone(faults())
	for i := range out {
		out[i].On = p.on[out[i].ID]
	}
	return out
}

// does reports whether a switch with that effect is on.
func (p *Practice) does(e Effect) bool {
	return slices.ContainsFunc(p.Faults(), func(f Fault) bool { return f.On && f.Does == e })
}

// refusal is the answer of a switch that is on; nil for none.
func (p *Practice) refusal(guarded bool) *answer {
	for _, f := range p.Faults() {
		if f.On && f.Answer != nil && f.Answer.Guarded == guarded {
			return f.Answer
		}
	}
	return nil
}

// That returns the id of the switch with an effect; empty where there is none.
func That(e Effect) string {
	for _, f := range faults() {
		if f.Does == e {
			return f.ID
		}
	}
	return ""
}

func find(id string) (Fault, bool) {
	all := faults()
	if i := slices.IndexFunc(all, func(f Fault) bool { return f.ID == id }); i >= 0 {
		return all[i], true
	}
	return Fault{}, false
}

// Known reports whether there is such a fault.
func Known(id string) bool {
	_, ok := find(id)
	return ok
}

// Set switches a fault. A fault of the connection closes the open ones, so that
// the next request meets it. An id that is not in Faults returns *books.Error "fault_unknown".
func (p *Practice) Set(id string, on bool) error {
	f, ok := find(id)
	if !ok {
		var ids []string
		for _, f := range faults() {
			ids = append(ids, f.ID)
		}
		return &books.Error{Code: "fault_unknown", Text: fmt.Sprintf("there is no practice fault %q", id), Hint: "choose from " + strings.Join(ids, ", ")}
	}
	p.mu.Lock()
	was := p.on[id]
	p.on[id] = on
	p.mu.Unlock()
	if was == on {
		return nil
	}
	err := p.apply(f.Does, on)
	p.mu.Lock()
	for c := range p.conns {
		if !f.Does.inConnection() {
			break // met inside an open connection as well
		}
		// Broken on purpose; there is nothing to learn from the error.
		_ = c.Close()
	}
	if err != nil {
		p.on[id] = was
	}
	p.mu.Unlock()
	return err
}

func (p *Practice) apply(e Effect, on bool) error {
	switch e {
	case Stop:
		p.mu.Lock()
		defer p.mu.Unlock()
		if on {
			return p.ln.Close()
		}
		return p.listen(context.Background())
	case pause:
		p.mu.Lock()
		defer p.mu.Unlock()
		p.paused = p.cfg.Now()
	case loseTaxService:
		if !on {
			return p.srv.IssueWaiting(context.Background())
		}
	}
	return nil
}
