package probe

import (
	"context"
	"net"
	"net/http"
	"sync"
)

// conns are the connections of a walk's requests. A transport goes on dialling where the
// request was given up, and keeps what it gets; here none outlives the walk. The zero
// value is ready.
type conns struct {
	mu   sync.Mutex // guards below
	over bool
	all  []net.Conn
}

// of lets a transport keep its connections no longer than the walk; it returns it.
func (k *conns) of(t *http.Transport) *http.Transport {
	if t == nil {
		return nil
	}
	dial := t.DialContext
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		if err == nil {
			k.keep(c)
		}
		return c, err
	}
	return t
}

func (k *conns) keep(c net.Conn) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.over {
		_ = c.Close()
		return
	}
	k.all = append(k.all, c)
}

// end closes what is open, and what comes later.
func (k *conns) end() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, c := range k.all {
		_ = c.Close() // which may be closed already
	}
	k.over, k.all = true, nil
}
