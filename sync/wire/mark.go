package wire

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Mark says where the server stood when it answered: the seq of its last change,
// the running hash over all changes up to it, and the last invoice number of each
// series. A desk keeps the newest and shows it with each request, so that a
// server whose data were put back is found out. Only the server can make one.
type Mark struct {
	Epoch   string
	Seq     int64
	Hash    []byte           // 16 bytes
	Numbers map[string]int64 // by series; a desk reads that of DefaultSeries alone
}

// markMAC is the length of the code that seals a mark, in bytes.
const markMAC = 16

func (m Mark) text() string {
	return fmt.Sprintf("%s:%d:%s:%d", m.Epoch, m.Seq, hex.EncodeToString(m.Hash), m.Numbers[DefaultSeries])
}

// more is SERIES=NUMBER of the other series, with commas between.
func (m Mark) more() string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(m.Numbers)) {
		if name != DefaultSeries {
			out = append(out, url.QueryEscape(name)+"="+strconv.FormatInt(m.Numbers[name], 10))
		}
	}
	return strings.Join(out, ",")
}

// readMore is the opposite of more; false when it is malformed.
func (m Mark) readMore(text string) bool {
	for _, one := range strings.Split(text, ",") {
		name, number, _ := strings.Cut(one, "=")
		name, err := url.QueryUnescape(name)
		n, err2 := strconv.ParseInt(number, 10, 64)
		if err != nil || err2 != nil || n < 0 {
			return false
		}
		m.Numbers[name] = n
	}
	return true
}

func seal(secret []byte, text string) []byte {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(text))
	return h.Sum(nil)[:markMAC]
}

// Seal writes EPOCH:SEQ:HASH:NUMBER:MAC, or EPOCH:SEQ:HASH:NUMBER:MORE.MAC where
// there are other series than the first. A desk need not read what stands after
// the last colon.
func (m Mark) Seal(secret []byte) string {
	text, end := m.text(), ":"
	if more := m.more(); more != "" {
		text, end = text+":"+more, "."
	}
	return text + end + hex.EncodeToString(seal(secret, text))
}

// OpenMark reads a mark that was sealed with this secret. Errors wrap ErrMalformed.
func OpenMark(s string, secret []byte) (Mark, error) {
	at := strings.LastIndexAny(s, ":.")
	if at < 0 {
		return Mark{}, fmt.Errorf("%w: the mark is incomplete", ErrMalformed)
	}
	mac, err := hex.DecodeString(s[at+1:])
	if err != nil || subtle.ConstantTimeCompare(mac, seal(secret, s[:at])) != 1 {
		return Mark{}, fmt.Errorf("%w: the mark is not from this server", ErrMalformed)
	}
	m, err := ReadMark(s)
	if more := strings.LastIndexByte(s[:at], ':') + 1; err == nil && s[at] == '.' && !m.readMore(s[more:at]) {
		return Mark{}, fmt.Errorf("%w: the mark names its series badly", ErrMalformed)
	}
	return m, err
}

// ReadMark reads a mark as a desk does, which cannot verify it. Errors wrap ErrMalformed.
func ReadMark(s string) (Mark, error) {
	f := strings.Split(s, ":")
	if len(f) != 5 || f[0] == "" {
		return Mark{}, fmt.Errorf("%w: mark %q is not EPOCH:SEQ:HASH:NUMBER:MAC", ErrMalformed, s)
	}
	m := Mark{Epoch: f[0], Numbers: map[string]int64{}}
	var number int64
	var errs [3]error
	m.Seq, errs[0] = strconv.ParseInt(f[1], 10, 64)
	m.Hash, errs[1] = hex.DecodeString(f[2])
	number, errs[2] = strconv.ParseInt(f[3], 10, 64)
	for _, err := range errs {
		if err != nil || m.Seq < 0 || number < 0 {
			return Mark{}, fmt.Errorf("%w: mark %q is not EPOCH:SEQ:HASH:NUMBER:MAC", ErrMalformed, s)
		}
	}
	if number > 0 {
		m.Numbers[DefaultSeries] = number
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
