package probe

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"counterfoil/sync/fault"
	"counterfoil/sync/link"
	"counterfoil/sync/wire"
)

// told is the Via of what a server says of itself that does not stop the way to it.
const told = "told"

// queueLong is how long an invoice waits in the server before its queue is called long,
// in seconds.
const queueLong = 120

// dependencies are what a server stands on, by the names that it may use for it.
var dependencies = []struct {
	stage string
	names []string
	stops bool // nothing is synced without it
}{
	{"db", []string{"db", "database", "sql", "mysql", "mariadb", "postgres", "store"}, true},
	{"cache", []string{"cache", "redis", "memcached"}, false},
	{"tax", []string{"tax", "tax_platform", "tax_gateway"}, false},
	{"pay", []string{"pay", "payment", "payments", "bank", "gateway", "pay_gateway"}, false},
	{"queue", []string{"queue", "jobs", "workers"}, false},
	{"disk", []string{"disk", "storage", "space"}, false},
	{"login", []string{"login", "auth", "sso", "idp", "auth_centre", "auth_center"}, false},
}

// states are what a dependency may be called, by what that means.
var states = map[string][]string{
	"":     {"", "ok", "up", "healthy", "pass", "passing", "green", "available", "ready", "running", "true"},
	"slow": {"slow", "degraded", "warn", "warning", "yellow", "backlog", "behind", "lagging"},
	"lock": {"lock", "locked", "deadlock", "busy"},
	"full": {"full", "no_space"},
	"down": {"down", "unavailable", "error", "fail", "failed", "failing", "red", "false", "unreachable", "unhealthy", "stopped", "timeout", "critical"},
}

// stateOf is what a word for a state means; known is false for one that nobody knows.
func stateOf(word string) (state string, known bool) {
	word = strings.ToLower(strings.TrimSpace(word))
	for s, words := range states {
		if slices.Contains(words, word) {
			return s, true
		}
	}
	return "", false
}

// ofHealth is what a server says of itself.
func (w *walk) ofHealth(ctx context.Context, h wire.Health) []fault.Observation {
	var out []fault.Observation
	add := func(stage string, good bool, code, detail string, values map[string]string) {
		o := fault.Observation{Kind: "health", Stage: stage, Via: fault.Real, Outcome: yes(good)}
		if !good {
			o.Code, o.Detail, o.Values = code, detail, values
		}
		out = append(out, o)
	}
	add("product", true, "", "", nil)
	another := w.Environment != "" && h.Environment != "" && h.Environment != w.Environment
	add("environment", !another, "", "environment "+h.Environment, map[string]string{"product": h.Product + " (" + h.Environment + ")"})
	if !another {
		add("identity", w.Other == nil || !w.Other(ctx, h), "", "another server than that of this data folder", nil)
	}
	pause := map[string]string{}
	if h.Maintenance != nil && !h.Maintenance.Until.IsZero() {
		pause["until"] = h.Maintenance.Until.Local().Format("15:04")
	}
	add("maintenance", h.Maintenance == nil, "", "maintenance", pause)
	protocol := ""
	switch {
	case h.ProtocolMax < w.ProtocolMin:
		protocol = "server_old"
	case h.ProtocolMin > w.ProtocolMax:
		protocol = "client_old"
	}
	add("protocol", protocol == "", protocol, fmt.Sprintf("protocol %d-%d", h.ProtocolMin, h.ProtocolMax), nil)
	if older, known := before(w.Version, h.MinClient); known {
		add("client", !older, "client_old", "wants client "+h.MinClient, map[string]string{"min_client": h.MinClient})
	}
	w.learn(func(s *link.Snapshot) { s.Status, s.Ports, s.Nodes = h.Status, h.Ports, h.Nodes })
	return append(out, ofDeps(h)...)
}

// ofDeps is what a server says of what it stands on; what it does not name or calls by
// an unknown word is not measured.
func ofDeps(h wire.Health) []fault.Observation {
	var out []fault.Observation
	for _, d := range dependencies {
		o := fault.Observation{Kind: "health", Stage: d.stage, Via: told, Outcome: fault.Unmeasured}
		for _, name := range d.names {
			word, there := h.Deps[name]
			state, known := stateOf(word)
			if !there || !known || o.Outcome == fault.No {
				continue
			}
			o.Outcome, o.Code = yes(state == ""), state
			if state != "" {
				o.Detail, o.Values = name+" "+word, map[string]string{"dependency": name + "=" + word}
			}
		}
		if d.stage == "queue" && h.QueueLag > queueLong {
			o.Outcome, o.Code, o.Detail = fault.No, "slow", fmt.Sprintf("the oldest waits for %.0f s", h.QueueLag)
		}
		if d.stage == "queue" && o.Outcome == fault.No && h.QueueLag > 0 {
			o = o.With(map[string]string{"queue_min": strconv.Itoa(int(h.QueueLag/60) + 1)})
		}
		if d.stops && o.Code == "down" {
			o.Via = fault.Real
		}
		out = append(out, o)
	}
	return out
}

// before reports whether a version is older than another; known is false where one of
// them is none.
func before(a, b string) (older, known bool) {
	x, okA := numbers(a)
	y, okB := numbers(b)
	return slices.Compare(x, y) < 0, okA && okB
}

// numbers are those of a version like "v1.2.3-rc1"; what follows them does not count.
func numbers(version string) ([]int, bool) {
	version = strings.TrimPrefix(strings.TrimSpace(version), "v")
	if i := strings.IndexAny(version, "-+ "); i >= 0 {
		version = version[:i]
	}
	var out []int
	for _, part := range strings.Split(version, ".") {
		n, err := strconv.Atoi(part)
		if err != nil {
			return nil, false
		}
		out = append(out, n)
	}
	return out, true
}

// notJSON is the code of an answer that should be an object of ours and is not; "" for
// one that is.
func notJSON(body []byte, into any) string {
	err := wire.Unmarshal(body, into)
	switch {
	case err == nil:
		return ""
	case !json.Valid(body):
		return "json:syntax"
	}
	return "json:schema"
}
