package osnet

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

var (
	wlanapi    = windows.NewLazySystemDLL("wlanapi.dll")
	wlanOpen   = wlanapi.NewProc("WlanOpenHandle")
	wlanClose  = wlanapi.NewProc("WlanCloseHandle")
	wlanEnum   = wlanapi.NewProc("WlanEnumInterfaces")
	wlanQuery  = wlanapi.NewProc("WlanQueryInterface")
	wlanMemory = wlanapi.NewProc("WlanFreeMemory")
)

// wlanInterface is WLAN_INTERFACE_INFO.
type wlanInterface struct {
	GUID        windows.GUID
	Description [256]uint16
	State       uint32
}

// wlanConnection is WLAN_CONNECTION_ATTRIBUTES up to the signal.
type wlanConnection struct {
	State, Mode uint32
	Profile     [256]uint16
	SSIDLength  uint32
	SSID        [32]byte
	BSSType     uint32
	BSSID       [6]byte
	_           [2]byte
	PhyType     uint32
	PhyIndex    uint32
	Signal      uint32 // percent: 100 is -50 dBm, 0 is -100 dBm
}

// Signal is the strength of the Wi-Fi that this computer has joined, in percent of
// what is best; known is whether it has joined one and the system tells.
func Signal() (percent int, known bool) {
	for _, p := range []*windows.LazyProc{wlanOpen, wlanClose, wlanEnum, wlanQuery, wlanMemory} {
		if p.Find() != nil {
			return 0, false
		}
	}
	var version uint32
	var client windows.Handle
	if code, _, _ := wlanOpen.Call(2, 0, uintptr(unsafe.Pointer(&version)), uintptr(unsafe.Pointer(&client))); code != 0 {
		return 0, false
	}
	defer wlanClose.Call(uintptr(client), 0) //nolint:errcheck // nothing to do about it
	var list *struct {
		Count, Index uint32
		First        [1]wlanInterface
	}
	if code, _, _ := wlanEnum.Call(uintptr(client), 0, uintptr(unsafe.Pointer(&list))); code != 0 {
		return 0, false
	}
	defer wlanMemory.Call(uintptr(unsafe.Pointer(list))) //nolint:errcheck // nothing to do about it
	const connected, current = 1, 7
	for _, i := range unsafe.Slice(&list.First[0], list.Count) {
		if i.State != connected {
			continue
		}
		var size uint32
		var c *wlanConnection
		code, _, _ := wlanQuery.Call(uintptr(client), uintptr(unsafe.Pointer(&i.GUID)), current, 0, uintptr(unsafe.Pointer(&size)), uintptr(unsafe.Pointer(&c)), 0)
		if code != 0 || uintptr(size) < unsafe.Sizeof(*c) {
			continue
		}
		percent, known = max(percent, int(c.Signal)), true
		_, _, _ = wlanMemory.Call(uintptr(unsafe.Pointer(c)))
	}
	return percent, known
}
