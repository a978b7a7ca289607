package disk

import "golang.org/x/sys/windows"

// Free returns the bytes that this user may still write where dir is, and all that
// there are.
func Free(dir string) (free, total uint64, err error) {
	p, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, 0, err
	}
	return free, total, windows.GetDiskFreeSpaceEx(p, &free, &total, nil)
}
