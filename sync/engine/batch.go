package engine

// batchSize is the size of a push in bytes before compression: additive growth,
// halved on trouble, so that a line that is cut every second still progresses.
type batchSize struct{ bytes int }

const (
	minBatch = 16 << 10
	maxBatch = 1 << 20
	maxOps   = 500
)

func (b *batchSize) grow()  { b.bytes = min(b.bytes+128<<10, maxBatch) }
func (b *batchSize) halve() { b.bytes = max(b.bytes/2, minBatch) }
