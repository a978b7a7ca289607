package link

import (
	"fmt"
	"time"
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
