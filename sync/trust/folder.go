package trust

import (
	"path/filepath"
	"strings"
)

// inFolder is the profile of a keyring that lies in the data folder itself: it goes
// where the folder goes, so that a folder that is moved or put back keeps its certificate.
const inFolder = "folder"

// folderKeyring is the keyring of a data folder, in the folder.
func folderKeyring(dir string) Keyring {
	return &fileKeyring{path: keyringFile(filepath.Join(dir, "keyring")), ask: Passphrase, was: ProfileOf(dir)}
}

// ofFolder are the items of a folder's keyring under inFolder. Older versions named them
// by the path of the folder: was is that of today's path; those of another path are
// taken where there are no others.
func ofFolder(items map[string]string, was string) map[string]string {
	profiles := map[string]bool{}
	for name := range items {
		profiles[profileIn(name)] = true
	}
	from := was
	if !profiles[was] && len(profiles) == 1 {
		for only := range profiles {
			from = only
		}
	}
	if profiles[inFolder] || !profiles[from] {
		return items
	}
	out := map[string]string{}
	for name, value := range items {
		kind, rest, _ := strings.Cut(name, ".")
		if after, ok := strings.CutPrefix(rest, from); ok {
			name = kind + "." + inFolder + after
		}
		out[name] = value
	}
	return out
}

// profileIn is the profile in the name of an item, "ca.PROFILE.1.0".
func profileIn(name string) string {
	_, rest, _ := strings.Cut(name, ".")
	profile, _, _ := strings.Cut(rest, ".")
	return profile
}
