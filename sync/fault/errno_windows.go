package fault

import "syscall"

// systemName has those that reading and writing files come with.
func systemName(e syscall.Errno) string {
	return map[syscall.Errno]string{2: "ENOENT", 3: "ENOENT", 5: "EACCES", 19: "EROFS", 32: "EBUSY", 33: "EBUSY", 39: "ENOSPC", 112: "ENOSPC", 109: "EPIPE", 232: "EPIPE", 995: "ECANCELED"}[e]
}
