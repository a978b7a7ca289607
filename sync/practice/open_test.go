package practice_test

import (
	"context"
	"errors"
	"testing"

	"counterfoil/sync/practice"
	"counterfoil/sync/server/access"
)

// Where anybody is let in, only this computer gets there.
func TestLoopbackOnly(t *testing.T) {
	for address, ok := range map[string]bool{"0.0.0.0:0": false, ":0": false, "[::]:0": false, "192.0.2.1:0": false, "example.com:0": false, "127.0.0.1:0": true, "localhost:0": true} {
		p, err := practice.Start(context.Background(), practice.Config{Dir: t.TempDir(), Listen: address, Empty: true})
		if (err == nil) != ok || !ok && !errors.Is(err, practice.ErrOpen) {
			t.Errorf("%s: %v", address, err)
		}
		if err == nil {
			if err := p.Close(context.Background()); err != nil {
				t.Error(err)
			}
		}
	}
	if !practice.Loopback("[::1]:8443") || practice.Loopback("8443") {
		t.Error("loopback is misread")
	}
	p, err := practice.Start(context.Background(), practice.Config{Dir: t.TempDir(), Listen: "0.0.0.0:0", Empty: true,
		Access: func(string) (access.Principal, error) { return access.Principal{}, access.ErrUnknown }})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Close(context.Background()); err != nil {
		t.Error(err)
	}
}
