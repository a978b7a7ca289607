package link

import (
	"encoding/json"
	"errors"
	"time"

	"counterfoil/sync/fault"
)

// saved is what survives a restart.
type saved struct {
	Samples []Sample  `json:"samples"`
	Events  []Event   `json:"events"`
	Hours   []Hour    `json:"hours,omitempty"`
	Good    *Snapshot `json:"good"`
	LastOK  time.Time `json:"last_ok"`
	Shown   State     `json:"shown"`
}

// maxKept is how many samples are kept over a restart: more than a busy day has.
const maxKept = 6000

// MarshalJSON writes [start in ms since 1970, duration in ms, fault].
func (s Sample) MarshalJSON() ([]byte, error) {
	row := []any{s.At.UnixMilli(), s.Took.Milliseconds()}
	if s.Fault != "" {
		row = append(row, s.Fault)
	}
	return json.Marshal(row)
}

// UnmarshalJSON reads that, and what older versions wrote.
func (s *Sample) UnmarshalJSON(raw []byte) error {
	var row []json.RawMessage
	if json.Unmarshal(raw, &row) != nil {
		var was struct {
			At    time.Time     `json:"at"`
			Took  time.Duration `json:"took"`
			Fault fault.ID      `json:"fault"`
		}
		err := json.Unmarshal(raw, &was)
		*s = Sample(was)
		return err
	}
	if len(row) < 2 {
		return errors.New("a sample needs a start and a duration")
	}
	var at, took int64
	err := errors.Join(json.Unmarshal(row[0], &at), json.Unmarshal(row[1], &took))
	if len(row) > 2 {
		err = errors.Join(err, json.Unmarshal(row[2], &s.Fault))
	}
	s.At, s.Took = time.UnixMilli(at), time.Duration(took)*time.Millisecond
	return err
}

// Export returns the history as JSON, Restore takes it back.
func (m *Monitor) Export() ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closeHours(m.cfg.Now())
	s := m.samples
	if len(s) > maxKept {
		s = s[len(s)-maxKept:]
	}
	return json.Marshal(saved{s, m.events, m.hours, m.good, m.lastOK, m.shown})
}

// Restore takes an exported history; the state itself begins as unknown.
func (m *Monitor) Restore(raw []byte) error {
	var s saved
	if err := json.Unmarshal(raw, &s); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.samples, m.events, m.hours, m.good, m.lastOK = s.Samples, s.Events, s.Hours, s.Good, s.LastOK
	m.shown = State{Kind: Unknown, LastOK: s.LastOK}
	if n := len(s.Samples); n > 0 && len(s.Events) > 0 {
		// Nothing is known of the time between the last request and now.
		m.events = append(m.events, Event{At: s.Samples[n-1].At, Kind: Unknown})
	}
	if s.Good != nil {
		m.now = *s.Good
	}
	return nil
}
