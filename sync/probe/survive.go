package probe

import (
	"fmt"

	"counterfoil/sync/fault"
)

// survive keeps a mistake in one observer from ending the program: what it looks at was
// not measured, and the set says why.
func (w *walk) survive(c *Check) {
	p := recover()
	if p == nil {
		return
	}
	c.State, c.Result = Skipped, fmt.Sprintf("failed: %v", p)
	w.set.Add(fault.Observation{Kind: "observer", Target: c.ID, Outcome: fault.Unmeasured, Code: "panic", Detail: c.Result})
}
