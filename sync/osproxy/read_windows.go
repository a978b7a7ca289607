package osproxy

import (
	"context"
	"unsafe"

	"golang.org/x/sys/windows"
)

var (
	winhttp        = windows.NewLazySystemDLL("winhttp.dll")
	getUsers       = winhttp.NewProc("WinHttpGetIEProxyConfigForCurrentUser")
	getDefault     = winhttp.NewProc("WinHttpGetDefaultProxyConfiguration")
	globalFree     = windows.NewLazySystemDLL("kernel32.dll").NewProc("GlobalFree")
	namedProxyType = uint32(3) // WINHTTP_ACCESS_TYPE_NAMED_PROXY
)

// Read returns the user's settings, else those that an administrator set for services
// (netsh winhttp). What cannot be read is no proxy.
func Read(context.Context) Settings {
	var user struct {
		AutoDetect            int32
		Script, Proxy, Bypass *uint16
	}
	var detect Settings
	if getUsers.Find() == nil {
		if ok, _, _ := getUsers.Call(uintptr(unsafe.Pointer(&user))); ok != 0 {
			s := winList("Windows", taken(user.Proxy), taken(user.Bypass))
			s.Script, s.Detect = taken(user.Script), user.AutoDetect != 0
			if !s.IsNone() {
				return s
			}
			detect = s
		}
	}
	var all struct {
		AccessType    uint32
		Proxy, Bypass *uint16
	}
	if getDefault.Find() == nil {
		if ok, _, _ := getDefault.Call(uintptr(unsafe.Pointer(&all))); ok != 0 {
			s := winList("WinHTTP", taken(all.Proxy), taken(all.Bypass))
			if all.AccessType == namedProxyType {
				return s
			}
		}
	}
	return detect
}

// taken copies a text that the system gave and gives its memory back.
func taken(p *uint16) string {
	if p == nil {
		return ""
	}
	s := windows.UTF16PtrToString(p)
	_, _, _ = globalFree.Call(uintptr(unsafe.Pointer(p)))
	return s
}
