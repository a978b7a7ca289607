package server

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"net/http"
	"strings"
	"time"

	"counterfoil/sync/server/access"
	"counterfoil/sync/wire"
)

// A pass is what a desk shows with its requests where a token is shown only to get one:
// the token and the pass's end, sealed with a key of the data. Whoever sees it can use
// it until then; whether the token still counts is asked each time all the same.
const passHead = "cfp1."

// errKey says that the key of the data cannot be read.
var errKey = errors.New("the server's key cannot be read")

// admit returns who a bearer speaks for: a pass, or a token where those are shown. The
// error is one of package access or wraps errKey.
func (s *Server) admit(ctx context.Context, bearer string) (access.Principal, error) {
	if !strings.HasPrefix(bearer, passHead) {
		who, err := s.cfg.Access(bearer)
		if err == nil && s.cfg.PassLife > 0 {
			err = access.ErrExpired // it is to be changed for a pass
		}
		return who, err
	}
	token, end, err := s.unseal(ctx, bearer)
	switch {
	case err != nil:
		return access.Principal{}, err
	case !s.cfg.Now().Before(end):
		return access.Principal{}, access.ErrExpired
	}
	return s.cfg.Access(token)
}

// pass answers POST /v1/token: a pass for the token that comes as the bearer.
func (s *Server) pass(w http.ResponseWriter, r *http.Request) {
	if s.cfg.PassLife <= 0 {
		Refuse(w, http.StatusNotFound, wire.Problem{Code: "not_found", Title: "Tokens are used as they are", Detail: r.URL.Path})
		return
	}
	p, err := s.seal(r.Context(), bearer(r), s.cfg.Now().Add(s.cfg.PassLife))
	if err != nil {
		failed(w, err)
		return
	}
	s.send(w, r, wire.Pass{Token: p, ExpiresIn: s.cfg.PassLife.Seconds()})
}

func (s *Server) seal(ctx context.Context, token string, end time.Time) (string, error) {
	box, err := s.box(ctx)
	if err != nil {
		return "", err
	}
	nonce := make([]byte, box.NonceSize())
	_, _ = rand.Read(nonce)                                        // never fails
	text := binary.BigEndian.AppendUint64(nil, uint64(end.Unix())) //nolint:gosec // after 1970
	return passHead + base64.RawURLEncoding.EncodeToString(box.Seal(nonce, nonce, append(text, token...), nil)), nil
}

// unseal returns the token in a pass and the pass's end, access.ErrUnknown for one that
// this server did not make.
func (s *Server) unseal(ctx context.Context, pass string) (token string, end time.Time, err error) {
	box, err := s.box(ctx)
	if err != nil {
		return "", end, err
	}
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(pass, passHead))
	if err != nil || len(raw) < box.NonceSize() {
		return "", end, access.ErrUnknown
	}
	text, err := box.Open(nil, raw[:box.NonceSize()], raw[box.NonceSize():], nil)
	if err != nil || len(text) < 8 {
		return "", end, access.ErrUnknown
	}
	return string(text[8:]), time.Unix(int64(binary.BigEndian.Uint64(text)), 0), nil //nolint:gosec // what seal wrote
}

// box seals with a key of its own, made from that of the data.
func (s *Server) box(ctx context.Context) (cipher.AEAD, error) {
	key, err := s.key(ctx)
	if err != nil {
		return nil, errors.Join(errKey, err)
	}
	mac := hmac.New(sha256.New, key.Seed())
	_, _ = mac.Write([]byte("counterfoil pass 1")) // a hash takes all
	block, err := aes.NewCipher(mac.Sum(nil))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
