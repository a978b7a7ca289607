// Package listen is the HTTP server around the invoice server: limits on time,
// size and number, so that no client can hold it up.
//
// The package refuses to know what is asked and answered.
package listen

import (
	"net/http"
	"time"
)

// Limits of one request and of all. The zero value of a field takes the usual.
type Limits struct {
	Idle       time.Duration // a body may stand still that long: 30 s
	Body       time.Duration // a whole body: 2 min
	Answer     time.Duration // a whole request with its answer: 5 min; a stream's next event
	PerAddress int           // connections of one address: 256
	Total      int           // connections: 2,048
}

func (l Limits) filled() Limits {
	usual := Limits{30 * time.Second, 2 * time.Minute, 5 * time.Minute, 256, 2048}
	for _, d := range []struct{ is, usual *time.Duration }{{&l.Idle, &usual.Idle}, {&l.Body, &usual.Body}, {&l.Answer, &usual.Answer}} {
		if *d.is == 0 {
			*d.is = *d.usual
		}
	}
	if l.PerAddress == 0 {
		l.PerAddress = usual.PerAddress
	}
	if l.Total == 0 {
		l.Total = usual.Total
	}
	return l
}

// Server returns an HTTP server that holds each request to the limits; its
// listener is to be wrapped with Guard.
func Server(h http.Handler, l Limits) *http.Server {
	l = l.filled()
	return &http.Server{
		Handler:           patient(h, l),
		ReadHeaderTimeout: 10 * time.Second, // also the handshake
		WriteTimeout:      l.Answer,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: 32, MaxReceiveBufferPerConnection: 2 << 20, MaxReceiveBufferPerStream: 1 << 20,
			SendPingTimeout: time.Minute, PingTimeout: 15 * time.Second, WriteByteTimeout: time.Minute,
		},
	}
}
