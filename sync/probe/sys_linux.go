package probe

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// remoteMagic are the file systems of other computers, by statfs.
var remoteMagic = map[int64]string{
	0x6969: "nfs", 0x517b: "smb", 0xff534d42: "cifs", 0xfe534d42: "smb2", 0x01021997: "9p", 0x5346414f: "afs", 0x00c36400: "ceph",
	0x7461636f: "ocfs2", 0x786f4256: "vboxsf", 0x73757245: "coda", 0x564c: "ncp", 0x0bd00bd0: "lustre", 0x01161970: "gfs2",
}

const fuseMagic = 0x65735546

// fileSystem names the file system of a folder, and tells whether it is another
// computer's.
func fileSystem(dir string) (kind string, remote bool, err error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return "", false, err
	}
	magic := int64(s.Type) & 0xffffffff //nolint:unconvert // int32 on some
	if name := remoteMagic[magic]; name != "" {
		return name, true, nil
	}
	if magic != fuseMagic {
		return fmt.Sprintf("0x%x", magic), false, nil
	}
	kind, err = mountedAs(dir)
	// fuseblk is a disk of this computer; so is what names nothing further.
	name, ok := strings.CutPrefix(kind, "fuse.")
	return kind, ok && remoteFuse[name], err
}

// remoteFuse are those of FUSE.
var remoteFuse = map[string]bool{
	"sshfs": true, "rclone": true, "davfs": true, "davfs2": true, "smbnetfs": true, "gvfsd-fuse": true, "s3fs": true, "glusterfs": true,
	"curlftpfs": true, "onedriver": true, "google-drive-ocamlfuse": true, "prl_fsd": true, "vmhgfs-fuse": true,
}

// mountedAs is the kind of the mount that a folder is under.
func mountedAs(dir string) (string, error) {
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return "", err
	}
	defer f.Close()
	kind, longest := "", -1
	for lines := bufio.NewScanner(f); lines.Scan(); {
		head, tail, ok := strings.Cut(lines.Text(), " - ")
		fields, rest := strings.Fields(head), strings.Fields(tail)
		if !ok || len(fields) < 5 || len(rest) < 1 {
			continue
		}
		at := strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(fields[4])
		if len(at) >= longest && within(dir, at) {
			kind, longest = rest[0], len(at)
		}
	}
	return kind, nil
}

// files counts the descriptors that are open and those that may be.
func files() (open, most int64, err error) {
	var l unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &l); err != nil {
		return 0, 0, err
	}
	entries, err := os.ReadDir("/proc/self/fd")
	return int64(len(entries)), int64(min(l.Cur, 1<<40)), err //nolint:gosec // see min
}

// memory is what a program may still have, in bytes, with the swap.
func memory() (int64, error) {
	raw, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, err
	}
	var sum int64
	for _, l := range strings.Split(string(raw), "\n") {
		f := strings.Fields(l)
		if len(f) >= 2 && (f[0] == "MemAvailable:" || f[0] == "SwapFree:") {
			kb, err := strconv.ParseInt(f[1], 10, 64)
			if err != nil {
				return 0, err
			}
			sum += kb << 10
		}
	}
	return sum, nil
}
