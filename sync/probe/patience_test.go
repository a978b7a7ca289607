package probe

import (
	"testing"

	"counterfoil/sync/fault"
)

// A fault that lies beside the way ends the walk only where it is why the hello of the
// real path was not answered.
func TestExplainsHello(t *testing.T) {
	no := func(kind, via, stage, code string) fault.Observation {
		return fault.Observation{Kind: kind, Via: via, Stage: stage, Outcome: fault.No, Code: code}
	}
	yes := func(kind, via, stage string) fault.Observation {
		return fault.Observation{Kind: kind, Via: via, Stage: stage, Outcome: fault.Yes}
	}
	silent := no("tls", "look", "hello", "timeout")
	lost := []fault.Observation{no("echo", "small", "3k", "timeout"), yes("echo", "segments", "3k"), no("taken", "look", "", "")}
	for what, c := range map[string]struct {
		seen []fault.Observation
		want bool
	}{
		"large packets are lost":                       {append(lost, silent), true},
		"they are, and nobody knows of the hello yet":  {lost, false},
		"the hello is not answered":                    {[]fault.Observation{silent}, false},
		"somebody answers for all names":               {[]fault.Observation{silent, yes("intercept", "udp", "")}, false},
		"the disk is full, and the hello not answered": {[]fault.Observation{silent, no("disk", "", "", "errno:ENOSPC")}, false},
	} {
		if got := explainsHello(fault.SetOf(c.seen...)); got != c.want {
			t.Errorf("%s: %v, %+v", what, got, fault.Judge(fault.SetOf(c.seen...)))
		}
	}
}
