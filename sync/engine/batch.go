package engine

// An amount is how much goes into one request or comes in one answer, in
// operations or changes: halved on trouble down to a single one, grown step by
// step, so that a line that is cut every second still progresses.
type amount struct{ n, most, step int }

func (a *amount) grow() { a.n = min(a.n+a.step, a.most) }

// halve starts from what was tried, which may be less than what was allowed.
func (a *amount) halve(tried int) { a.n = max(min(a.n, tried)/2, 1) }

const (
	maxBatch = 1 << 20 // bytes of a push before compression
	maxOps   = 500     // operations of a push
	maxPage  = 500     // changes of a pull
)
