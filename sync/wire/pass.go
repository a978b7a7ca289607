package wire

// Pass is the answer to POST /v1/token: what is shown with the next requests instead of
// the token that asked for it. A desk keeps it in memory alone.
type Pass struct {
	Token     string  `json:"token"`
	ExpiresIn float64 `json:"expires_in"` // seconds
}
