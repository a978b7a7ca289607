package probe

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// fileSystem names the file system of a folder, and tells whether it is another
// computer's.
func fileSystem(dir string) (kind string, remote bool, err error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return "", false, err
	}
	kind = unix.ByteSliceToString(s.Fstypename[:])
	return kind, s.Flags&unix.MNT_LOCAL == 0, nil
}

// files counts the descriptors that are open and those that may be.
func files() (open, most int64, err error) {
	var l unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &l); err != nil {
		return 0, 0, err
	}
	entries, err := os.ReadDir("/dev/fd")
	return int64(len(entries)), int64(min(l.Cur, 1<<40)), err //nolint:gosec // see min
}

func memory() (int64, error) { return 0, errors.ErrUnsupported }
