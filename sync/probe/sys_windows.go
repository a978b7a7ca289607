package probe

import (
	"errors"
	"path/filepath"
	"strings"
	"unsafe"

	"golang.org/x/sys/windows"
)

// FreeBytes is the room that is left for this user on the disk of a folder.
func FreeBytes(dir string) (uint64, error) {
	p, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, err
	}
	var free uint64
	return free, windows.GetDiskFreeSpaceEx(p, &free, nil, nil)
}

// fileSystem names the kind of drive of a folder, and tells whether it is another
// computer's.
func fileSystem(dir string) (kind string, remote bool, err error) {
	volume := filepath.VolumeName(dir)
	if strings.HasPrefix(volume, `\\`) && !strings.HasPrefix(volume, `\\?\`) && !strings.HasPrefix(volume, `\\.\`) {
		return "UNC", true, nil
	}
	p, err := windows.UTF16PtrFromString(volume + `\`)
	if err != nil {
		return "", false, err
	}
	switch windows.GetDriveType(p) {
	case windows.DRIVE_REMOTE:
		return "remote", true, nil
	case windows.DRIVE_FIXED:
		return "fixed", false, nil
	case windows.DRIVE_REMOVABLE:
		return "removable", false, nil
	}
	return "other", false, nil
}

// files: Windows gives a process millions of handles.
func files() (open, most int64, err error) { return 0, 0, errors.ErrUnsupported }

// memoryStatus is MEMORYSTATUSEX.
type memoryStatus struct {
	length, load                                                     uint32
	totalPhys, availPhys, totalPage, availPage, totalVirt, availVirt uint64
	extended                                                         uint64
}

var globalMemory = windows.NewLazySystemDLL("kernel32.dll").NewProc("GlobalMemoryStatusEx")

// memory is what a program may still have, in bytes, with the page file.
func memory() (int64, error) {
	var s memoryStatus
	s.length = uint32(unsafe.Sizeof(s))
	if ok, _, err := globalMemory.Call(uintptr(unsafe.Pointer(&s))); ok == 0 {
		return 0, err
	}
	return int64(s.availPage), nil //nolint:gosec // below 8 EiB
}
