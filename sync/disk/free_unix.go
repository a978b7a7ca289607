//go:build !windows

package disk

import "golang.org/x/sys/unix"

// Free returns the bytes that this user may still write where dir is, and all that
// there are.
func Free(dir string) (free, total uint64, err error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, 0, err
	}
	return uint64(s.Bavail) * uint64(s.Bsize), uint64(s.Blocks) * uint64(s.Bsize), nil
}
