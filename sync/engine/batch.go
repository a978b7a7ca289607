package engine

import "time"

// An amount is how much goes into one request or comes in one answer, in
// operations or changes. It starts small, doubles while requests are quick, grows
// by steps near a second and hardly above it, and is halved on trouble down to a
// single one: what a cut line throws away is then little.
type amount struct{ n, most int }

func (a *amount) grow(took time.Duration) {
	switch {
	case took < 300*time.Millisecond:
		a.n *= 2
	case took < 700*time.Millisecond:
		a.n += 1 + a.n/5
	default:
		a.n += 1 + a.n/50
	}
	a.n = min(a.n, a.most)
}

// halve starts from what was tried, which may be less than what was allowed.
func (a *amount) halve(tried int) { a.n = max(min(a.n, tried)/2, 1) }

const (
	firstAmount = 100
	maxBatch    = 1 << 20 // bytes of a push before compression
	maxOps      = 500     // operations of a push
	maxPage     = 500     // changes of a pull
)
