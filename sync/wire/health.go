package wire

import (
	"cmp"
	"encoding/json"
	"time"
)

// Health is the body of GET /healthz, which needs no token and holds no secret.
type Health struct {
	Product     string       `json:"product"`
	Environment string       `json:"environment"` // "production", "practice", "test"
	Version     string       `json:"version"`
	Instance    string       `json:"instance,omitempty"` // which of several servers this is
	ProtocolMin int          `json:"protocol_min"`
	ProtocolMax int          `json:"protocol_max"`
	MinClient   string       `json:"min_client,omitempty"` // oldest client that may connect
	Epoch       string       `json:"epoch"`
	Server      string       `json:"server,omitempty"`      // identity: Identity of the receipt key
	Company     string       `json:"company,omitempty"`     // whose invoices these are
	ReceiptKey  []byte       `json:"receipt_key,omitempty"` // Ed25519 public key that receipts are verified with
	Time        time.Time    `json:"time"`
	Maintenance *Maintenance `json:"maintenance,omitempty"`
	// Deps is the state of what the server stands on: "db", "cache", "tax", "pay",
	// "queue" (of invoices to be issued), "disk" and "login", each "ok", "slow",
	// "lock" (another program holds it), "down" or "full". What it does not have it
	// does not name.
	Deps Deps `json:"deps"`
	// QueueLag is how long the oldest invoice has waited to be issued, in seconds.
	QueueLag float64 `json:"queue_lag_s,omitzero"`
	// PassLife is how long a Pass counts, in seconds; 0: tokens are shown as they are.
	PassLife float64 `json:"pass_life_s,omitzero"`
	Elsewhere
}

// Elsewhere is where a client may look when it does not get through.
type Elsewhere struct {
	Status string   `json:"status,omitempty"` // URL of a page on another computer that tells how the service is
	Ports  []string `json:"ports,omitempty"`  // others that the server listens on
	Nodes  []string `json:"nodes,omitempty"`  // other addresses of the service, host:port
}

// Maintenance is a planned pause. Also in the body of a 503.
type Maintenance struct {
	Until   time.Time `json:"until"`
	Message string    `json:"message,omitempty"`
}

// Deps are states by what is in that state.
type Deps map[string]string

// UnmarshalJSON reads states as texts, and those of servers that say more of one:
// an object with a "status", "state" or "health", or true and false.
func (d *Deps) UnmarshalJSON(raw []byte) error {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(raw, &all); err != nil {
		return err
	}
	*d = Deps{}
	for name, v := range all {
		(*d)[name] = state(v)
	}
	return nil
}

// state is what is said of one; "unknown" where that is of another shape.
func state(raw json.RawMessage) string {
	var text string
	var up bool
	var more struct {
		Status, State, Health string
		Lag                   float64
	}
	switch {
	case json.Unmarshal(raw, &text) == nil:
		return text
	case json.Unmarshal(raw, &up) == nil:
		return map[bool]string{true: "ok", false: "down"}[up]
	case json.Unmarshal(raw, &more) != nil:
		return "unknown"
	case more.Lag > 120: // seconds
		return "slow"
	}
	return cmp.Or(more.Status, more.State, more.Health, "unknown")
}
