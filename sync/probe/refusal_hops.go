package probe

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"syscall"
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/osnet"
)

// begins is for how many hops packets begin to live, by the system that sends them.
var begins = []int{64, 128, 255}

// refusedHere reports whether who refuses connections to an address is this computer or its
// router: the refusal has passed none, for it still lives for as many hops as packets
// begin with. False where the system does not let that be asked.
func refusedHere(ctx context.Context, address string, rtt time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*rtt+200*time.Millisecond)
	defer cancel()
	var mu sync.Mutex
	arrives := map[int]bool{}
	var group sync.WaitGroup
	for _, n := range begins {
		for _, least := range []int{n, n + 1} {
			group.Go(func() {
				ok := least <= 255 && refusedWith(ctx, address, least)
				mu.Lock()
				defer mu.Unlock()
				arrives[least] = ok
			})
		}
	}
	group.Wait()
	for _, n := range begins {
		if arrives[n] && !arrives[n+1] {
			return true
		}
	}
	return false
}

// refusedWith reports whether a connection is refused by a packet that still lives for at
// least so many hops.
func refusedWith(ctx context.Context, address string, least int) bool {
	d := net.Dialer{Control: func(network, _ string, c syscall.RawConn) error {
		var err error
		cerr := c.Control(func(fd uintptr) { err = osnet.LeastHops(fd, strings.HasSuffix(network, "6"), least) })
		return errors.Join(err, cerr)
	}}
	c, err := d.DialContext(ctx, "tcp", address)
	if err == nil {
		_ = c.Close()
	}
	return fault.OfError(err).Code == refused
}
