package probe

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"counterfoil/sync/fault"
)

// sizeOfTry is what is written to see whether the disk takes it: more than a save.
const sizeOfTry = 64 << 10

// disk looks at where the data lie: the room that is left, whether it can be written,
// and whether it is a disk of this computer.
func (w *walk) disk() {
	o := fault.Observation{Kind: "disk", Outcome: fault.Unmeasured}
	if free, err := FreeBytes(w.DataDir); err != nil {
		o.Detail = err.Error()
	} else {
		o.Outcome, o.Bytes = fault.Yes, int64(free) //nolint:gosec // below 8 EiB
		o.Values = map[string]string{"free": fmt.Sprint(free >> 20)}
	}
	written := fault.OfError(tryWrite(w.DataDir))
	written.Kind, written.Values = "write", o.Values
	w.set.Add(o, written, ownDisk(w.DataDir))
}

// tryWrite writes a file into a folder, to the disk, and takes it away again.
func tryWrite(dir string) error {
	f, err := os.CreateTemp(dir, ".try-*")
	if err != nil {
		return err
	}
	_, err = f.Write(make([]byte, sizeOfTry))
	err = errors.Join(err, f.Sync(), f.Close())
	return errors.Join(err, os.Remove(f.Name()))
}

// Sound reports whether a folder can be written and is on a disk of this computer alone,
// as far as that can be told.
func Sound(dir string) bool { return tryWrite(dir) == nil && ownDisk(dir).Outcome != fault.No }

// ownDisk tells whether a folder is on a disk of this computer alone.
func ownDisk(dir string) fault.Observation {
	o := fault.Observation{Kind: "own_disk", Outcome: fault.Unmeasured}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return o
	}
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		abs = real
	}
	kind, remote, err := fileSystem(abs)
	switch {
	case err != nil:
		o.Detail = err.Error()
	case remote:
		o.Outcome, o.Code = fault.No, "share"
	default:
		o.Outcome = fault.Yes
	}
	o.Values = map[string]string{"kind": kind}
	if name := syncedBy(abs, os.Getenv); name != "" && o.Outcome != fault.No {
		o.Outcome, o.Code, o.Values = fault.No, "synced", map[string]string{"kind": name}
	}
	return o
}

// synced are folders, by the name they have in a home, that programs copy to a cloud,
// and the variables that name them.
var synced = []struct{ name, folder, env string }{
	{"OneDrive", "OneDrive", "OneDrive"},
	{"OneDrive", "", "OneDriveCommercial"},
	{"Dropbox", "Dropbox", ""},
	{"Google Drive", "Google Drive", ""},
	{"Google Drive", "GoogleDrive", ""},
	{"iCloud", "iCloudDrive", ""},
	{"iCloud", "Mobile Documents", ""},
	{"iCloud", "CloudStorage", ""},
	{"Nextcloud", "Nextcloud", ""},
	{"坚果云", "Nutstore", ""},
	{"坚果云", "我的坚果云", ""},
	{"百度网盘", "BaiduSyncdisk", ""},
	{"百度网盘", "BaiduNetdiskWorkspace", ""},
	{"WPS 云盘", "WPSDrive", ""},
}

// syncedBy is the program that copies a folder to a cloud, as far as names tell.
func syncedBy(dir string, getenv func(string) string) string {
	parts := strings.FieldsFunc(dir, func(r rune) bool { return r == '/' || r == '\\' })
	for _, s := range synced {
		if at := getenv(s.env); s.env != "" && at != "" && within(dir, at) {
			return s.name
		}
		for _, p := range parts {
			// "OneDrive - Company" is one too.
			if s.folder != "" && (strings.EqualFold(p, s.folder) || strings.HasPrefix(strings.ToLower(p), strings.ToLower(s.folder)+" - ")) {
				return s.name
			}
		}
	}
	return ""
}

func within(dir, top string) bool {
	rel, err := filepath.Rel(top, dir)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}
