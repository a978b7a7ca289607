package wire

import (
	"compress/gzip"
	"io"
	"sync"
)

// level makes a sixth less than the fastest one, for a third more time: the line
// is slower than the processor.
const level = 5

// zips keeps compressors: making one costs more than compressing a small body.
var zips = sync.Pool{New: func() any {
	z, _ := gzip.NewWriterLevel(io.Discard, level)
	return z
}}

// Gzip lets fill write to w, compressed.
func Gzip(w io.Writer, fill func(io.Writer) error) error {
	z := zips.Get().(*gzip.Writer)
	defer zips.Put(z)
	z.Reset(w)
	if err := fill(z); err != nil {
		return err
	}
	return z.Close()
}
