package desk

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"counterfoil/sync/disk"
)

// A Move is that of a data folder to another place.
type Move struct {
	ID   string    `json:"id"`
	From string    `json:"from"`
	To   string    `json:"to"`
	At   time.Time `json:"at"`
	// Done: the data are there whatever is found. Else they are there once the folder
	// has its own note of the move; one that was cut short before that moved nothing.
	Done bool `json:"done"`
}

const (
	movesName = "counterfoil-moved.json" // in the user's configuration folder
	movesSize = 256 << 10
	hereName  = "moved-here.json" // in a folder that data were moved to: its Move
	mostMoves = 16                // one after the other
)

// Home is the user's configuration folder, where the moves are remembered; empty: this
// user has none.
func Home() string {
	home, err := os.UserConfigDir()
	if err != nil {
		return ""
	}
	return home
}

// Settled is where the data of a folder lie now: the folder itself unless they were
// moved. home is that of Home.
func Settled(home, dir string) string {
	moves := readMoves(home)
	for range mostMoves {
		i := slices.IndexFunc(moves, func(m Move) bool { return m.leadsFrom(dir) })
		if i < 0 {
			return dir
		}
		dir = moves[i].To
		moves = slices.Delete(moves, i, i+1)
	}
	return dir
}

// leadsFrom reports whether the data of a folder were moved by m.
func (m Move) leadsFrom(dir string) bool {
	return samePlace(m.From, dir) && (m.Done || m.arrived())
}

// arrived reports whether the data came to their new place.
func (m Move) arrived() bool {
	var here Move
	raw, err := disk.Read(filepath.Join(m.To, hereName), movesSize)
	return err == nil && json.Unmarshal(raw, &here) == nil && here.ID == m.ID
}

// samePlace reports whether two paths lead to one folder, like a letter of a drive and
// the share that it stands for.
func samePlace(a, b string) bool {
	one, err := os.Stat(a)
	if err == nil {
		if two, err := os.Stat(b); err == nil {
			return os.SameFile(one, two)
		}
	}
	a, b = cleaned(a), cleaned(b)
	if runtime.GOOS == "windows" {
		return strings.EqualFold(a, b)
	}
	return a == b
}

// cleaned is a path without relative parts and links, as far as it can be followed.
func cleaned(dir string) string {
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	return dir
}

// readMoves are the moves that are remembered; a list that cannot be read is none.
func readMoves(home string) (all []Move) {
	if home == "" {
		return nil
	}
	raw, err := disk.Read(filepath.Join(home, movesName), movesSize)
	if err != nil || json.Unmarshal(raw, &all) != nil {
		return nil
	}
	return all
}

// keepMove writes a move into the list, in the place of the one with its id.
func keepMove(ctx context.Context, home string, m Move) error {
	return changeMoves(ctx, home, m.ID, m)
}

// dropMove takes a move off the list.
func dropMove(ctx context.Context, home string, m Move) error {
	return changeMoves(ctx, home, m.ID)
}

// movesWait is how long another program may be writing the list.
const movesWait = 5 * time.Second

func changeMoves(ctx context.Context, home, without string, add ...Move) error {
	if err := os.MkdirAll(home, 0o700); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, movesWait)
	defer cancel()
	file := filepath.Join(home, movesName)
	lock := flock.New(file+".lock", flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(ctx, 20*time.Millisecond); err != nil {
		return err
	}
	defer func() { _ = lock.Unlock() }() // the end of the program frees it too
	all := slices.DeleteFunc(readMoves(home), func(x Move) bool { return x.ID == without })
	raw, err := json.MarshalIndent(append(all, add...), "", " ")
	if err != nil {
		return err
	}
	return disk.Replace(file, raw)
}

// movedHere is the move that brought the data to a folder.
func movedHere(home, dir string) (Move, bool) {
	for _, m := range readMoves(home) {
		if samePlace(m.To, dir) && (m.Done || m.arrived()) {
			return m, true
		}
	}
	return Move{}, false
}
