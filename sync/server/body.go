package server

import (
	"compress/gzip"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"strconv"
	"strings"

	"counterfoil/app/document"
	"counterfoil/sync/wire"
)

var errTooLarge = errors.New("body is too large")

// decode reads a JSON body, gzipped or not, and answers the problem itself when
// it cannot.
func (s *Server) decode(w http.ResponseWriter, r *http.Request, v any) bool {
	bad := func(status int, code, title, detail string) bool {
		Refuse(w, status, wire.Problem{Code: code, Title: title, Detail: detail})
		return false
	}
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/json" {
		return bad(http.StatusUnsupportedMediaType, "malformed", "Send application/json", "")
	}
	body := io.Reader(http.MaxBytesReader(w, r.Body, s.cfg.MaxBody))
	switch strings.ToLower(r.Header.Get("Content-Encoding")) {
	case "", "identity":
	case "gzip":
		z, err := gzip.NewReader(body)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return bad(http.StatusRequestTimeout, "too_slow", "The body did not arrive in time", "send fewer operations")
		}
		if err != nil {
			return bad(http.StatusBadRequest, "malformed", "The body is not gzip", err.Error())
		}
		body = z
	default:
		return bad(http.StatusUnsupportedMediaType, "malformed", "Send gzip or no Content-Encoding", "")
	}
	raw, err := readAll(body, s.cfg.MaxBody)
	if err == nil {
		err = wire.Unmarshal(raw, v)
	}
	var big *http.MaxBytesError
	switch {
	case errors.Is(err, errTooLarge) || errors.Is(err, document.ErrTooMany) || errors.As(err, &big):
		return bad(http.StatusRequestEntityTooLarge, "too_large", "The body is too large", "at most "+strconv.FormatInt(s.cfg.MaxBody, 10)+" bytes after decompression; send fewer operations")
	case errors.Is(err, os.ErrDeadlineExceeded):
		return bad(http.StatusRequestTimeout, "too_slow", "The body did not arrive in time", "send fewer operations")
	case err != nil:
		return bad(http.StatusBadRequest, "malformed", "The body is cut, damaged or not the expected JSON", err.Error())
	}
	return true
}

// readAll reads at most limit bytes; more give errTooLarge. All of it is read
// before it is parsed: a parser that waits for more looks at blanks again and again.
func readAll(r io.Reader, limit int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(b)) > limit {
		return nil, errTooLarge
	}
	return b, err
}

// small answers are not worth compressing.
const small = 1024

// send answers 200 with JSON, gzipped when the client takes it.
func (s *Server) send(w http.ResponseWriter, r *http.Request, v any) {
	b, err := wire.Marshal(v)
	if err != nil {
		Refuse(w, http.StatusInternalServerError, wire.Problem{Code: "internal", Title: "The answer could not be written"})
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Vary", "Accept-Encoding")
	if len(b) < small || !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Length", strconv.Itoa(len(b)))
		// The client may be gone; it will ask again.
		_, _ = w.Write(b)
		return
	}
	h.Set("Content-Encoding", "gzip")
	_ = wire.Gzip(w, func(z io.Writer) error { _, err := z.Write(b); return err })
}
