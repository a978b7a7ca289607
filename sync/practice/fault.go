package practice

import (
	_ "embed" // faults.json
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"counterfoil/app/books"
	"counterfoil/sync/fault"
)

// Fault is one switch. Its id is the one of the fault catalogue.
type Fault struct {
	ID      string   `json:"id"`
	TitleEN string   `json:"en"`
	TitleZH string   `json:"zh"`
	Words   string   `json:"words"` // by which it is found beside its titles, in both languages
	Does    Effect   `json:"does"`
	Answer  *answer  `json:"answer"` // what comes in the server's place; nil: nothing
	Health  *health  `json:"health"` // what healthz says instead; nil: the truth
	Proxy   *proxy   `json:"proxy"`  // what stands between; nil: nothing
	Says    string   `json:"says"`   // what the port says before it is asked
	Alert   byte     `json:"alert"`  // of TLS, that the server sends
	Typed   []string `json:"typed"`  // of the address: what is replaced, by what
	On      bool     `json:"-"`
}

// Layer is where the catalogue places it: pc, network, internet, secure, server; on
// the way, where the catalogue does not know it.
func (f Fault) Layer() string {
	row, ok := fault.Lookup(fault.ID(f.ID))
	if !ok {
		row.Layer = fault.Internet
	}
	return string(row.Layer)
}

// Search holds everything by which it is found.
func (f Fault) Search() string {
	row, _ := fault.Lookup(fault.ID(f.ID))
	return strings.Join([]string{f.ID, row.Name, f.TitleZH, f.TitleEN, row.Title.ZH, row.Title.EN, f.Words}, " ")
}

// Effect is what a switch does.
type Effect string

// The effects. "answer" only gives the switch's answers.
const (
	Stop           Effect = "stop"
	answers        Effect = "answer"
	shiftClock     Effect = "shift_clock"
	beAnother      Effect = "be_another"
	pause          Effect = "pause"
	cut            Effect = "cut"
	lose           Effect = "lose"
	garble         Effect = "garble"
	resetStreams   Effect = "reset_streams"
	stall          Effect = "stall"
	stallBody      Effect = "stall_body"
	beSlow         Effect = "be_slow"
	loseDatabase   Effect = "lose_the_database"
	lockDatabase   Effect = "lock_the_database"
	loseTaxService Effect = "lose_the_tax_service"
	loseLogin      Effect = "lose_the_login"
	fillDisk       Effect = "fill_the_disk"

	// Of the connection, before and below TLS.
	speakPlainly    Effect = "speak_plainly"
	speakOtherwise  Effect = "speak_otherwise"
	resetHello      Effect = "reset_the_hello"
	dropLargeHellos Effect = "drop_large_hellos"
	sendAlert       Effect = "alert"
	cutLine         Effect = "cut_the_line"
	narrow          Effect = "narrow"
	corrupt         Effect = "corrupt"

	// Of TLS.
	oldTLS          Effect = "old_tls"
	oldCipher       Effect = "old_cipher"
	wantCertificate Effect = "want_certificate"
	noProtocol      Effect = "alpn"

	// Of the computer on which the desk runs.
	proxied     Effect = "proxy"
	loseCA      Effect = "lose_the_ca"
	damageCA    Effect = "damage_the_ca"
	holdTheDesk Effect = "hold_the_desk"
	mistype     Effect = "mistype_the_address"
)

var connEffects = []Effect{Stop, speakPlainly, speakOtherwise, resetHello, dropLargeHellos, sendAlert, narrow, corrupt, oldTLS, oldCipher, wantCertificate, noProtocol}

// plainHTTP are those that break HTTP/1.1, which is spoken alone meanwhile.
var plainHTTP = []Effect{cut, cutLine, lose, garble, stall, stallBody}

// inConnection are met only by a connection that is made after the switch.
func (e Effect) inConnection() bool {
	return slices.Contains(connEffects, e) || slices.Contains(certEffects, e) || slices.Contains(plainHTTP, e)
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

// Faults lists the switches as they are. Those of the computer are among them only
// where the desk is known; see Config.Desk.
func (p *Practice) Faults() []Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []Fault
	for _, f := range faults() {
		if f.Does.here() && p.cfg.Desk == nil {
			continue
		}
		f.On = p.on[f.ID]
		out = append(out, f)
	}
	return out
}

// that is the first switch that is on and has an effect.
func (p *Practice) that(e Effect) (Fault, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range faults() {
		if f.Does == e && p.on[f.ID] {
			return f, true
		}
	}
	return Fault{}, false
}

// does reports whether a switch with that effect is on.
func (p *Practice) does(e Effect) bool {
	_, on := p.that(e)
	return on
}

// doesAny reports whether a switch with one of the effects is on.
func (p *Practice) doesAny(all []Effect) bool { return slices.ContainsFunc(all, p.does) }

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
	if !ok || f.Does.here() && p.cfg.Desk == nil {
		var ids []string
		for _, f := range p.Faults() {
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
	err := p.apply(f, on)
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
