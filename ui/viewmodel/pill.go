package viewmodel

import "time"

// Pill is the connection in a few words, at the foot of the rail on every screen.
type Pill struct {
	State     LampState
	Text, Sub string
	Send      string // the word of the button that sends now; empty: nothing waits long
}

// lingers is how long an invoice may wait on a working line before it is a matter
// of the clerk's.
const lingers = 15 * time.Second

// NewPill says it; keyring is "os", "file" or "memory". A keyring that is not the
// system's is named for as long as there is nothing more urgent.
func NewPill(w Phrases, f ConnectionFacts, keyring string, now time.Time) Pill {
	p := Pill{State: LampGood, Sub: w.T("pill.click")}
	if f.Connected && f.Waiting > 0 && (!f.Online || now.Sub(f.OldestWaiting) > lingers) {
		p.Send = w.T("pill.send")
	}
	switch {
	case !f.Connected:
		p.State, p.Text = LampUnknown, w.T("pill.none")
	case f.Offline:
		p.State, p.Text = LampBad, w.T("pill.offline", f.Waiting)
	case f.Online && (f.Fault != "" || f.urgent() != nil):
		p.State, p.Text = LampSlow, w.T("pill.attention")
	case f.Online:
		p.Text = w.T("pill.online", f.LastSync.Local().Format("15:04"))
		if keyring == "memory" || keyring == "file" {
			p.Sub = w.T("pill.keyring." + keyring)
		}
	case f.Unseen && f.Fault == "":
		p.State, p.Text = LampUnknown, w.T("pill.unknown")
	default:
		p.State, p.Text = LampSlow, w.T("pill.degraded", f.Waiting)
	}
	switch title := f.Title.In(w); {
	case f.Fault != "" && title != "":
		p.Sub = title
	case f.Online && f.worst() != nil:
		p.Sub = f.worst().Text.In(w)
	}
	return p
}
