package localdb

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"
	"time"
)

// reference returns "20261123-BCDFGH0001" for a business date: the date, letters of
// this device, a counter a date. It is allotted in the transaction that saves, so
// one that failed takes none. A date that is none is today's.
func (t *tx) reference(date string) (string, error) {
	day := t.d.now()
	if typed, err := time.Parse(time.DateOnly, date); err == nil {
		day = typed
	}
	name := day.Format("20060102")
	var id string
	var n int64
	err := t.one(`INSERT INTO reference VALUES (?, 1) ON CONFLICT DO UPDATE SET last = last + 1 RETURNING last, (SELECT id FROM device)`, []any{name}, &n, &id)
	return fmt.Sprintf("%s-%s%04d", name, deviceLetters(id), n), err
}

// deviceLetters are six letters that follow from the id. There are 86 million, so
// that two of 50 desks share one in about 70,000 companies; consonants only, so
// that no word comes out, and no letter looks like a digit.
func deviceLetters(id string) string {
	const letters = "BCDFGHJKLMNPQRSTVWXYZ"
	h := sha256.Sum256([]byte(id))
	var b strings.Builder
	for n := binary.BigEndian.Uint64(h[:]); b.Len() < 6; n /= uint64(len(letters)) {
		b.WriteByte(letters[n%uint64(len(letters))])
	}
	return b.String()
}
