//go:build !windows && !linux && !darwin

package probe

import "errors"

func fileSystem(string) (kind string, remote bool, err error) {
	return "", false, errors.ErrUnsupported
}

func files() (open, most int64, err error) { return 0, 0, errors.ErrUnsupported }

func memory() (int64, error) { return 0, errors.ErrUnsupported }
