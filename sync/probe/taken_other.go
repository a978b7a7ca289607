//go:build !linux && !darwin

package probe

import "net"

// acknowledged is not known: this system does not tell without more rights.
func acknowledged(net.Conn) (taken, known bool) { return false, false }
