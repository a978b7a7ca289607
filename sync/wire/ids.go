package wire

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"counterfoil/app/books"
)

// OperationID is "device_id:device_seq".
func OperationID(device string, seq int64) string { return device + ":" + strconv.FormatInt(seq, 10) }

// ValidID reports whether s may stand as the id of a device, a document or an
// operation: at most longest bytes of printable ASCII, no space.
func ValidID(s string, longest int) bool {
	return s != "" && len(s) <= longest && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// Hash is the hex SHA-256 of an operation's body.
func Hash(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// FormatCursor writes EPOCH:SEQ:SCOPE; the zero cursor is empty.
func FormatCursor(c books.Cursor) string {
	if c.Epoch == "" {
		return ""
	}
	return fmt.Sprintf("%s:%d:%s", c.Epoch, c.Seq, c.Scope)
}

// ParseCursor reads EPOCH:SEQ:SCOPE; empty is the zero cursor. Errors wrap ErrMalformed.
func ParseCursor(s string) (books.Cursor, error) {
	if s == "" {
		return books.Cursor{}, nil
	}
	f := strings.Split(s, ":")
	if len(f) != 3 || f[0] == "" {
		return books.Cursor{}, fmt.Errorf("%w: cursor %q is not EPOCH:SEQ:SCOPE", ErrMalformed, s)
	}
	seq, err := strconv.ParseInt(f[1], 10, 64)
	if err != nil || seq < 0 {
		return books.Cursor{}, fmt.Errorf("%w: cursor %q has no sequence number", ErrMalformed, s)
	}
	return books.Cursor{Epoch: f[0], Seq: seq, Scope: f[2]}, nil
}
