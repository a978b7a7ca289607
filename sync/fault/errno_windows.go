package fault

import "syscall"

// windows has what files and pipes come with, and what package syscall invents for
// the names of Unix.
var windows = map[syscall.Errno]string{
	2: "ENOENT", 3: "ENOENT", 5: "EACCES", 19: "EROFS", 32: "EBUSY", 33: "EBUSY", 39: "ENOSPC", 112: "ENOSPC", 109: "EPIPE", 232: "EPIPE", 995: "ECANCELED",
	syscall.ECONNREFUSED: "ECONNREFUSED", syscall.ECONNRESET: "ECONNRESET", syscall.ECONNABORTED: "ECONNABORTED", syscall.ETIMEDOUT: "ETIMEDOUT",
	syscall.ENETUNREACH: "ENETUNREACH", syscall.EHOSTUNREACH: "EHOSTUNREACH", syscall.ENETDOWN: "ENETDOWN",
	syscall.ENOSPC: "ENOSPC", syscall.EACCES: "EACCES", syscall.EPERM: "EPERM", syscall.EROFS: "EROFS",
}

func systemName(e syscall.Errno) string { return windows[e] }
