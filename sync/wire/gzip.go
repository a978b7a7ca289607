package wire

import (
	"compress/gzip"
	"io"
	"sync"
)

// zips keeps compressors: making one costs more than compressing a small body.
var zips = sync.Pool{New: func() any {
	z, _ := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed) // the level is valid
	return z
}}

// Gzip lets fill write to w, compressed for speed.
func Gzip(w io.Writer, fill func(io.Writer) error) error {
	z := zips.Get().(*gzip.Writer)
	defer zips.Put(z)
	z.Reset(w)
	if err := fill(z); err != nil {
		return err
	}
	return z.Close()
}
