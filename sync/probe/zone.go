package probe

import (
	"fmt"
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/link"
)

// Zone names how far this computer's clock is ahead of UTC in January and in July of a
// year, in minutes: the same the year round, whatever the zone is called.
func Zone(t time.Time) string {
	offset := func(m time.Month) int {
		_, s := time.Date(t.Year(), m, 1, 12, 0, 0, 0, t.Location()).Zone()
		return s / 60
	}
	return fmt.Sprintf("%d/%d", offset(time.January), offset(time.July))
}

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

// zone compares the time zone with the one in which the server was last reached.
func (w *walk) zone() {
	is := Zone(w.Now().In(time.Local))
	w.learn(func(s *link.Snapshot) { s.Zone = is })
	o := fault.Observation{Kind: "zone", Outcome: fault.Unmeasured}
	if g := w.LastGood; g != nil && g.Zone != "" {
		o.Outcome = yes(g.Zone == is)
		o.Values = map[string]string{"zone": zoneName(is), "branch": zoneName(g.Zone)}
	}
	w.set.Add(o)
}
