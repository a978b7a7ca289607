package wire

import "time"

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
	Deps map[string]string `json:"deps"`
	// QueueLag is how long the oldest invoice has waited to be issued, in seconds.
	QueueLag float64 `json:"queue_lag_s,omitzero"`
}

// Maintenance is a planned pause. Also in the body of a 503.
type Maintenance struct {
	Until   time.Time `json:"until"`
	Message string    `json:"message,omitempty"`
}
