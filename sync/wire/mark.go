package wire

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// Mark says where the server stood when it answered: the seq of its last change,
// the running hash over all changes up to it, and the counter of its invoice
// numbers. A desk keeps the newest and shows it with each request, so that a
// server whose data were put back is found out. Only the server can make one.
type Mark struct {
	Epoch  string
	Seq    int64
	Hash   []byte // 16 bytes
	Number int64
}

// markMAC is the length of the code that seals a mark, in bytes.
const markMAC = 16

func (m Mark) text() string {
	return fmt.Sprintf("%s:%d:%s:%d", m.Epoch, m.Seq, hex.EncodeToString(m.Hash), m.Number)
}

func seal(secret []byte, text string) []byte {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(text))
	return h.Sum(nil)[:markMAC]
}

// Seal writes EPOCH:SEQ:HASH:NUMBER:MAC.
func (m Mark) Seal(secret []byte) string {
	text := m.text()
	return text + ":" + hex.EncodeToString(seal(secret, text))
}

// OpenMark reads a mark that was sealed with this secret. Errors wrap ErrMalformed.
func OpenMark(s string, secret []byte) (Mark, error) {
	at := strings.LastIndexByte(s, ':')
	if at < 0 {
		return Mark{}, fmt.Errorf("%w: the mark is incomplete", ErrMalformed)
	}
	mac, err := hex.DecodeString(s[at+1:])
	if err != nil || subtle.ConstantTimeCompare(mac, seal(secret, s[:at])) != 1 {
		return Mark{}, fmt.Errorf("%w: the mark is not from this server", ErrMalformed)
	}
	return ReadMark(s)
}

// ReadMark reads a mark as a desk does, which cannot verify it. Errors wrap ErrMalformed.
func ReadMark(s string) (Mark, error) {
	f := strings.Split(s, ":")
	if len(f) != 5 || f[0] == "" {
		return Mark{}, fmt.Errorf("%w: mark %q is not EPOCH:SEQ:HASH:NUMBER:MAC", ErrMalformed, s)
	}
	m := Mark{Epoch: f[0]}
	var errs [3]error
	m.Seq, errs[0] = strconv.ParseInt(f[1], 10, 64)
	m.Hash, errs[1] = hex.DecodeString(f[2])
	m.Number, errs[2] = strconv.ParseInt(f[3], 10, 64)
	for _, err := range errs {
		if err != nil || m.Seq < 0 || m.Number < 0 {
			return Mark{}, fmt.Errorf("%w: mark %q is not EPOCH:SEQ:HASH:NUMBER:MAC", ErrMalformed, s)
		}
	}
	return m, nil
}

// Newer reports whether mark b says more than a, which may be empty: another
// epoch, or a later change. What cannot be read is never newer.
func Newer(a, b string) bool {
	y, err := ReadMark(b)
	if err != nil {
		return false
	}
	x, err := ReadMark(a)
	return err != nil || x.Epoch != y.Epoch || y.Seq > x.Seq
}
