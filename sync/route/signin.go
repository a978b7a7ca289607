package route

import (
	"crypto/md5" //nolint:gosec // what Digest is made of
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"regexp"
	"strings"

	ntlmssp "github.com/Azure/go-ntlmssp"
)

// exchange begins a sign-in with the user in the proxy's address, else as who is signed
// in to this computer.
func (t *Tunnels) exchange(scheme string, k *talk) (Exchange, error) {
	u := k.proxy.User
	if u == nil && t.Own != nil {
		return t.Own(spelt[scheme], k.proxy.Hostname())
	}
	if u == nil {
		return nil, errors.New("nobody is known")
	}
	password, _ := u.Password()
	switch scheme {
	case "basic":
		return basic(u.Username() + ":" + password), nil
	case "digest":
		return digest{u.Username(), password, k.target}, nil
	}
	return ntlm{u.Username(), password}, nil // Negotiate carries it as well
}

// basic is user:password.
type basic string

func (b basic) Next(string) (string, error) {
	return base64.StdEncoding.EncodeToString([]byte(b)), nil
}
func (basic) End() {}

// ntlm is NTLMv2: a greeting, the proxy's challenge, the answer. The user may be
// "DOMAIN\user" or "user@domain".
type ntlm struct{ user, password string }

func (n ntlm) Next(challenge string) (string, error) {
	if challenge == "" {
		raw, err := ntlmssp.NewNegotiateMessage("", "")
		return base64.StdEncoding.EncodeToString(raw), err
	}
	raw, err := base64.StdEncoding.DecodeString(challenge)
	if err != nil {
		return "", err
	}
	raw, err = ntlmssp.NewAuthenticateMessage(inside(raw), n.user, n.password, nil)
	return base64.StdEncoding.EncodeToString(raw), err
}
func (ntlm) End() {}

// inside takes what a challenge says to lie outside of it out: some proxies tell of a
// domain, and of more about it, that they do not send.
func inside(challenge []byte) []byte {
	for _, at := range []int{12, 40} { // the size twice and the place of the domain's name, and of the rest
		if len(challenge) < at+8 {
			break
		}
		size, from := binary.LittleEndian.Uint16(challenge[at:]), binary.LittleEndian.Uint32(challenge[at+4:])
		if uint64(from)+uint64(size) > uint64(len(challenge)) {
			clear(challenge[at : at+8])
		}
	}
	return challenge
}

// digest is RFC 7616 with MD5 or SHA-256.
type digest struct{ user, password, target string }

var parameter = regexp.MustCompile(`(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))`)

func (d digest) Next(challenge string) (string, error) {
	at := map[string]string{}
	for _, m := range parameter.FindAllStringSubmatch(challenge, -1) {
		at[strings.ToLower(m[1])] = m[2] + m[3]
	}
	algorithm := at["algorithm"]
	var sum func() hash.Hash
	switch strings.ToUpper(algorithm) {
	case "", "MD5":
		sum = md5.New
	case "SHA-256":
		sum = sha256.New
	}
	if sum == nil || at["nonce"] == "" {
		return "", fmt.Errorf("a digest of %q is not known", algorithm)
	}
	of := func(parts ...string) string {
		h := sum()
		h.Write([]byte(strings.Join(parts, ":")))
		return hex.EncodeToString(h.Sum(nil))
	}
	whose, what := of(d.user, at["realm"], d.password), of("CONNECT", d.target)
	out := fmt.Sprintf(`username="%s", realm="%s", nonce="%s", uri="%s"`, quoted(d.user), at["realm"], at["nonce"], d.target)
	if at["qop"] == "" {
		out += fmt.Sprintf(`, response="%s"`, of(whose, at["nonce"], what))
	} else {
		const count = "00000001"
		word := rand.Text()
		out += fmt.Sprintf(`, qop=auth, nc=%s, cnonce="%s", response="%s"`, count, word, of(whose, at["nonce"], count, word, "auth", what))
	}
	if algorithm != "" {
		out += ", algorithm=" + algorithm
	}
	if o := at["opaque"]; o != "" {
		out += fmt.Sprintf(`, opaque="%s"`, o)
	}
	return out, nil
}
func (digest) End() {}

func quoted(s string) string { return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) }
