package probe

import (
	"fmt"
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/link"
)

// zoneName is "UTC+08:00".
func zoneName(zone string) string {
	var winter, summer int
	if _, err := fmt.Sscanf(zone, "%d/%d", &winter, &summer); err != nil {
		return zone
	}
	sign, n := '+', winter
	if n < 0 {
		sign, n = '-', -n
	}
	return fmt.Sprintf("UTC%c%02d:%02d", sign, n/60, n%60)
}

// zone compares the time zone with the one in which the server was first reached. That
// one stays known: a zone that is wrong does not become right by use.
func (w *walk) zone() {
	is := link.Zone(w.Now().In(time.Local))
	o := fault.Observation{Kind: "zone", Outcome: fault.Unmeasured}
	if g := w.LastGood; g != nil && g.Zone != "" {
		o.Outcome = yes(g.Zone == is)
		o.Values = map[string]string{"zone": zoneName(is), "branch": zoneName(g.Zone)}
	}
	w.set.Add(o)
	if o.Outcome != fault.No {
		w.learn(func(s *link.Snapshot) { s.Zone = is })
	}
}
