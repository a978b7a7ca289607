package metrics

import (
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"counterfoil/sync/server/vitals"
	"counterfoil/sync/wire"
)

// Figures are what syncd doctor judges of a server that runs. Times are in seconds.
type Figures struct {
	Version  string            `json:"version"`
	Instance string            `json:"instance,omitempty"`
	Started  time.Time         `json:"started"`
	Deps     map[string]string `json:"deps"`
	Waiting  int               `json:"db_waiting"` // requests that wait for the database
	InUse    int               `json:"db_in_use"`
	Locked   float64           `json:"db_locked_s"`  // by another program, now
	Ping     float64           `json:"db_ping_s"`    // of one small question
	Slowest  float64           `json:"db_slowest_s"` // transaction of the last ten minutes
	GC       float64           `json:"gc_per_minute"`
	Paused   float64           `json:"gc_paused_share"` // of the last minute
	DiskFree uint64            `json:"disk_free_bytes"`
	Disk     uint64            `json:"disk_bytes"`
	QueueLag float64           `json:"queue_lag_s"`
}

// Figures are those of now.
func (m *Metrics) Figures(w *vitals.Watch, about About, started time.Time) Figures {
	f := w.Figures()
	return Figures{
		Version: about.Version, Instance: about.Instance, Started: started, Deps: f.Deps(),
		Waiting: f.Waiting, InUse: f.InUse, Locked: f.Locked.Seconds(), Ping: max(f.Read, f.Write).Seconds(), Slowest: m.slowest.last(time.Now()).Seconds(),
		GC: collections(), Paused: paused(), DiskFree: f.Disk.Free, Disk: f.Disk.Total, QueueLag: f.QueueLag.Seconds(),
	}
}

// collections is how many garbage collections there were in the last minute.
func collections() float64 {
	n := 0
	for _, end := range collected().PauseEnd {
		if time.Since(end) <= time.Minute {
			n++
		}
	}
	return float64(n)
}

// paused is the share of the last minute for which collections stopped the program.
func paused() float64 {
	stats := collected()
	var sum time.Duration
	for i, end := range stats.PauseEnd {
		if i < len(stats.Pause) && time.Since(end) <= time.Minute {
			sum += stats.Pause[i]
		}
	}
	return sum.Minutes()
}

func collected() debug.GCStats {
	var s debug.GCStats
	debug.ReadGCStats(&s)
	return s
}

// slowest is the longest transaction of the last ten minutes, minute by minute.
type slowest struct {
	mu   sync.Mutex
	took [10]time.Duration
	of   [10]int64 // minute since 1970 that took[i] is of
}

func (s *slowest) note(took time.Duration) {
	minute := time.Now().Unix() / 60
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := minute % 10; s.of[i] != minute {
		s.of[i], s.took[i] = minute, took
	} else {
		s.took[i] = max(s.took[i], took)
	}
}

func (s *slowest) last(now time.Time) (most time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, minute := range s.of {
		if now.Unix()/60-minute < 10 {
			most = max(most, s.took[i])
		}
	}
	return most
}

func send(w http.ResponseWriter, v any) {
	b, err := wire.Marshal(v)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	// The client may be gone; it will ask again.
	_, _ = w.Write(b)
}
