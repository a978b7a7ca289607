package osproxy

import (
	"context"
	"unsafe"
)

var detectURL = winhttp.NewProc("WinHttpDetectAutoProxyConfigUrl")

// told is the script that DHCP names, or the name server by the computer's own domain.
func told(ctx context.Context) string {
	const byDHCP, byName = 1, 2
	found := make(chan string, 1)
	go func() {
		var url *uint16
		if detectURL.Find() != nil {
			found <- ""
			return
		}
		ok, _, _ := detectURL.Call(byDHCP|byName, uintptr(unsafe.Pointer(&url)))
		if text := taken(url); ok != 0 {
			found <- text
			return
		}
		found <- ""
	}()
	select {
	case s := <-found:
		return s
	case <-ctx.Done(): // it ends by itself
		return ""
	}
}
