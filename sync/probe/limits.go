package probe

import (
	"fmt"

	"counterfoil/sync/fault"
)

// What a program needs to work at all: descriptors besides those that are open, and
// memory. Both are far below what a computer in use has.
const (
	needFiles  = 16
	needMemory = 48 << 20
)

// limits looks at what this computer still gives the program.
func (w *walk) limits() {
	o := fault.Observation{Kind: "limits", Stage: "files", Outcome: fault.Unmeasured}
	switch open, most, err := files(); {
	case fault.OfError(err).Code == "errno:EMFILE" || fault.OfError(err).Code == "errno:ENFILE":
		o.Outcome, o.Code = fault.No, fault.OfError(err).Code
	case err != nil:
		o.Detail = err.Error()
	default:
		o.Outcome = yes(most-open >= needFiles)
		o.Values = map[string]string{"open": fmt.Sprint(open), "most": fmt.Sprint(most)}
	}
	m := fault.Observation{Kind: "limits", Stage: "memory", Outcome: fault.Unmeasured}
	if free, err := memory(); err != nil {
		m.Detail = err.Error()
	} else {
		m.Outcome, m.Bytes = yes(free >= needMemory), free
	}
	w.set.Add(o, m)
}
