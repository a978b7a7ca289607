package osnet

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// A connection ends as one of net does; what a firewall said of it is told beside.
func reaches(t *testing.T) {
	ln, err := net.Listen("tcp", "10.7.0.2:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	open := netip.MustParseAddrPort(ln.Addr().String())
	closed := netip.MustParseAddrPort("10.7.0.2:9")
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if told, err := Reach(ctx, open, 0); err != nil || told != (Told{}) {
		t.Error(told, err)
	}
	if told, err := Reach(ctx, closed, 0); !errors.Is(err, syscall.ECONNREFUSED) || told != (Told{}) {
		t.Error(told, err)
	}
	if _, err := Reach(ctx, netip.MustParseAddrPort("10.9.9.9:9"), 0); !errors.Is(err, syscall.ENETUNREACH) {
		t.Error("without a way:", err)
	}
	early, stop := context.WithTimeout(ctx, 50*time.Millisecond)
	defer stop()
	var timeout net.Error
	if _, err := Reach(early, netip.MustParseAddrPort("10.7.0.77:9"), 0); !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Error("a silent one:", err)
	}
	gone, giveUp := context.WithCancel(ctx)
	time.AfterFunc(30*time.Millisecond, giveUp)
	if _, err := Reach(gone, netip.MustParseAddrPort("10.7.0.78:9"), 0); !errors.Is(err, context.Canceled) {
		t.Error("one that nobody wants:", err)
	}
	if _, err := exec.LookPath("nft"); err != nil {
		t.Log("no firewall: ", err)
		return
	}
	for rule, want := range map[string]string{"admin-prohibited": Prohibited, "host-unreachable": NoHost, "net-unreachable": NoNet, "prot-unreachable": Otherwise} {
		shell(t, "nft flush ruleset; nft add table inet x; nft add chain inet x o '{ type filter hook output priority 0; }'; nft add rule inet x o ip daddr 10.7.0.99 reject with icmp type "+rule)
		told, err := Reach(ctx, netip.MustParseAddrPort("10.7.0.99:9"), 0)
		if told.What != want || told.From != netip.MustParseAddr("10.7.0.2") || err == nil {
			t.Errorf("%s: %+v %v", rule, told, err)
		}
	}
	shell(t, "nft flush ruleset")
}

// What the system says of an error of its own is nobody's word.
func TestWord(t *testing.T) {
	own := make([]byte, 32)
	own[4] = 1
	if got := wordOf(own); got != (Told{}) {
		t.Error(got)
	}
	six := make([]byte, 16+28)
	six[4], six[5], six[6], six[16] = 3, 1, 5, 10
	six[24], six[39] = 0xfd, 1
	if got := wordOf(six); got.What != Prohibited || got.From != netip.MustParseAddr("fd00::1") {
		t.Error(got)
	}
	for n := range six {
		wordOf(six[:n]) // short ones are no word, and no panic
	}
}
