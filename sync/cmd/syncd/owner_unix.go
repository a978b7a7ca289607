//go:build unix

package main

import "syscall"

// ownerOnly keeps every file made from here on from others.
func ownerOnly() { syscall.Umask(0o077) }
