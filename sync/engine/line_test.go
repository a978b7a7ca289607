package engine_test

import (
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// A flapping line is a TCP proxy on loopback with the speed and delay of a bad
// line, which resets every connection each time it flaps.
type flapping struct {
	tb    testing.TB
	to    string
	speed int           // bytes a second, each way
	delay time.Duration // one way

	mu    sync.Mutex // guards below
	conns map[net.Conn]bool
	free  [2]time.Time // when each direction is free again
}

// flap starts a line to a server and returns its address. every is how often it
// resets; 0 is never.
func flap(tb testing.TB, server string, mbit float64, rtt, every time.Duration) string {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	f := &flapping{tb: tb, to: server, speed: int(mbit * 1e6 / 8), delay: rtt / 2, conns: map[net.Conn]bool{}}
	done := make(chan struct{})
	tb.Cleanup(func() {
		close(done)
		_ = l.Close()
		f.reset()
	})
	if every > 0 {
		go func() {
			for t := time.NewTicker(every); ; {
				select {
				case <-done:
					t.Stop()
					return
				case <-t.C:
					f.reset()
				}
			}
		}()
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go f.carry(c)
		}
	}()
	return l.Addr().String()
}

func (f *flapping) keep(c net.Conn) {
	// Small buffers, so that what is in flight is what the line holds.
	_ = c.(*net.TCPConn).SetReadBuffer(16 << 10)
	_ = c.(*net.TCPConn).SetWriteBuffer(16 << 10)
	f.mu.Lock()
	f.conns[c] = true
	f.mu.Unlock()
}

func (f *flapping) drop(c net.Conn) {
	f.mu.Lock()
	delete(f.conns, c)
	f.mu.Unlock()
	_ = c.Close()
}

// reset cuts every connection as a lost line does.
func (f *flapping) reset() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for c := range f.conns {
		_ = c.(*net.TCPConn).SetLinger(0)
		_ = c.Close()
	}
	clear(f.conns)
	f.free = [2]time.Time{}
}

func (f *flapping) carry(c net.Conn) {
	f.keep(c)
	defer f.drop(c)
	time.Sleep(2 * f.delay) // SYN and its answer
	s, err := net.Dial("tcp", f.to)
	if err != nil {
		return
	}
	f.keep(s)
	defer f.drop(s)
	var both sync.WaitGroup
	both.Add(2)
	go func() { defer both.Done(); f.pump(0, s, c) }()
	go func() { defer both.Done(); f.pump(1, c, s) }()
	both.Wait()
}

// pump carries one direction: what was read leaves when the line is free and
// arrives a delay later.
func (f *flapping) pump(way int, to, from net.Conn) {
	type parcel struct {
		at   time.Time
		data []byte
	}
	queue := make(chan parcel, 64)
	written := make(chan struct{})
	go func() {
		defer close(written)
		for p := range queue {
			time.Sleep(time.Until(p.at))
			if _, err := to.Write(p.data); err != nil {
				f.drop(from)
				for range queue { // until the reader ends
				}
				return
			}
		}
		_ = to.(*net.TCPConn).CloseWrite()
	}()
	for {
		buf := make([]byte, 1400)
		n, err := from.Read(buf)
		if n > 0 {
			f.mu.Lock()
			now := time.Now()
			if f.free[way].Before(now) {
				f.free[way] = now
			}
			f.free[way] = f.free[way].Add(time.Duration(n+60) * time.Second / time.Duration(f.speed))
			sent := f.free[way]
			f.mu.Unlock()
			time.Sleep(time.Until(sent))
			queue <- parcel{sent.Add(f.delay), buf[:n]}
		}
		if err != nil {
			if err != io.EOF {
				f.drop(to)
			}
			break
		}
	}
	close(queue)
	<-written
}

// host cuts the address of a server out of its URL.
func host(url string) string { return strings.TrimPrefix(url, "https://") }
