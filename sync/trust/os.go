package trust

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/zalando/go-keyring"
)

const service = "counterfoil"

// osKeyring guards the system's keyring: one call at a time, capped, and never
// asked where asking would block on a prompt or start stray processes.
type osKeyring struct {
	slot chan struct{} // holds one token: single flight
	cap  time.Duration
	look func(context.Context) error // what is wrong before asking; nil when nothing
	get  func(service, user string) (string, error)
	set  func(service, user, value string) error
	del  func(service, user string) error
}

// OS is the system's keyring: Credential Manager, Keychain or Secret Service.
func OS() Keyring {
	return &osKeyring{
		slot: make(chan struct{}, 1), cap: callCap, look: look,
		get: keyring.Get, set: keyring.Set, del: keyring.Delete,
	}
}

func (k *osKeyring) Kind() string { return "os" }

// call runs f on its own goroutine and gives up waiting after the cap. A call
// that hangs keeps the slot, so the next ones fail at once instead of piling up.
func (k *osKeyring) call(ctx context.Context, f func() error) error {
	timer := time.NewTimer(k.cap)
	defer timer.Stop()
	select {
	case k.slot <- struct{}{}:
	case <-timer.C:
		return ErrHanging
	case <-ctx.Done():
		return ctx.Err()
	}
	done := make(chan error, 1)
	go func() {
		defer func() { <-k.slot }()
		if err := k.look(ctx); err != nil {
			done <- err
			return
		}
		done <- f()
	}()
	select {
	case err := <-done:
		return typed(err)
	case <-timer.C:
		return ErrHanging
	case <-ctx.Done():
		return ctx.Err()
	}
}

func typed(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, keyring.ErrNotFound):
		return ErrMissing
	case errors.Is(err, keyring.ErrSetDataTooBig):
		return ErrTooBig
	case errors.Is(err, keyring.ErrUnsupportedPlatform):
		return ErrUnavailable
	}
	return err
}

func (k *osKeyring) Get(ctx context.Context, name string) (string, error) {
	var out string
	err := k.call(ctx, func() error {
		v, err := k.get(service, name)
		out = v
		return err
	})
	if err != nil {
		return "", wrap("read the keyring", err)
	}
	return out, nil
}

func (k *osKeyring) Set(ctx context.Context, name, value string) error {
	return wrap("write the keyring", k.call(ctx, func() error { return k.set(service, name, value) }))
}

func (k *osKeyring) Delete(ctx context.Context, name string) error {
	err := k.call(ctx, func() error { return k.del(service, name) })
	if errors.Is(err, ErrMissing) {
		return nil
	}
	return wrap("clear the keyring", err)
}

func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", op, err)
}
