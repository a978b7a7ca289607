package lab

import (
	"strings"
	"testing"
)

// The table of times counts a case in every row that it belongs to, a cure and a failure
// of the lab in none, and names what took too long.
func TestTimes(t *testing.T) {
	results := []result{
		{Name: "T01 stopped", Kind: single, Verdict: "T01", MS: 200},
		{Name: "T03 silent", Kind: single, Slow: true, Verdict: "T03", MS: 3400},
		{Name: "N05 + S01", Kind: double, Slow: true, Verdict: "N05", MS: 2600},
		{Name: "OK plain", Kind: healthy, Verdict: "OK", MS: 500},
		{Name: "OK satellite", Kind: healthy, Verdict: "OK", MS: 3000},
		{Name: "cure", Kind: curing, MS: 9000},
		{Name: "T05 not confirmed", Kind: single, Lab: "not confirmed", MS: 8000},
	}
	s := summarize(results)
	for k, want := range map[string]times{
		"all faults":  {N: 3, Median: 2600, P90: 3400, P95: 3400, P99: 3400, Max: 3400, Aim: 2600, Over: 1},
		double:        {N: 1, Median: 2600, P90: 2600, P95: 2600, P99: 2600, Max: 2600, Aim: 2600},
		"that answer": {N: 1, Median: 200, P90: 200, P95: 200, P99: 200, Max: 200, Aim: 2600},
		healthy:       {N: 2, Median: 3000, P90: 3000, P95: 3000, P99: 3000, Max: 3000, Aim: 500, Over: 1},
	} {
		if s.Times[k] != want {
			t.Errorf("%s: %+v, want %+v", k, s.Times[k], want)
		}
	}
	text := s.text()
	for _, line := range []string{"| black holes | 2 |", "- T03 silent: 3400 ms", "- OK satellite: 3000 ms"} {
		if !strings.Contains(text, line) {
			t.Errorf("no %q in\n%s", line, text)
		}
	}
	if strings.Contains(text, "cure:") || strings.Contains(text, "not confirmed:") {
		t.Error(text)
	}
}
