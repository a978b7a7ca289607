package link

import (
	"time"

	"counterfoil/sync/fault"
)

// Stages is how long the parts of a request take lately: the last one for what is gone
// through once a connection, a moving mean for the rest. 0: not seen yet.
type Stages struct {
	Name, Connect, Secure, Wait time.Duration
	TCP                         TCP
	Reused, Requests            int // of the requests that were answered, those on a connection used again
	Protocol, TLS               string
	Bytes                       int64 // of all answers
}

// weight is that of the newest in a moving mean.
const weight = 0.2

func mean(known, seen time.Duration) time.Duration {
	if known == 0 {
		return seen
	}
	return known + time.Duration(weight*float64(seen-known))
}

// learn takes over what a request told, as far as it came.
func (s *Stages) learn(r request) {
	keep(&s.Name, r.name)
	keep(&s.Connect, r.connect)
	keep(&s.Secure, r.secure)
	keep(&s.TCP, r.tcp)
	if !r.answered || r.seen.Outcome != fault.Yes {
		return
	}
	s.Wait = mean(s.Wait, r.wait)
	keep(&s.Protocol, r.protocol)
	keep(&s.TLS, r.tls)
	s.Bytes += r.bytes
	s.Requests++
	if r.reused {
		s.Reused++
	}
}

// Stages are those of the requests since the start.
func (m *Monitor) Stages() Stages {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.stages
}

// LeftAlone is until when the server asked to be left alone; zero where it did not, or
// that is over.
func (m *Monitor) LeftAlone() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.asked.After(m.cfg.Now()) {
		return time.Time{}
	}
	return m.asked
}
