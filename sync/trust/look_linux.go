package trust

import (
	"context"
	"fmt"
	"os"

	"github.com/godbus/dbus/v5"
)

const (
	secrets     = "org.freedesktop.secrets"
	secretsPath = "/org/freedesktop/secrets"
)

// session connects to the session bus. Without one nothing is called: the library
// would start a stray bus each time.
func session(ctx context.Context) (*dbus.Conn, error) {
	address := os.Getenv("DBUS_SESSION_BUS_ADDRESS")
	if address == "" {
		runtime := fmt.Sprintf("%s/bus", os.Getenv("XDG_RUNTIME_DIR"))
		if _, err := os.Stat(runtime); err != nil {
			return nil, ErrUnavailable
		}
		address = "unix:path=" + runtime
	}
	bus, err := dbus.Connect(address, dbus.WithContext(ctx))
	if err != nil {
		return nil, ErrUnavailable
	}
	return bus, nil
}

// look asks the Secret Service whether it is there and open.
func look(ctx context.Context) error {
	bus, err := session(ctx)
	if err != nil {
		return err
	}
	defer bus.Close()
	var owned bool
	if err := bus.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.NameHasOwner", 0, secrets).Store(&owned); err != nil {
		return ErrUnavailable
	}
	if !owned {
		// It may be one that starts on demand.
		var names []string
		if err := bus.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.ListActivatableNames", 0).Store(&names); err != nil {
			return ErrUnavailable
		}
		for _, n := range names {
			owned = owned || n == secrets
		}
		if !owned {
			return ErrUnavailable
		}
	}
	v, err := bus.Object(secrets, secretsPath+"/aliases/default").GetProperty("org.freedesktop.Secret.Collection.Locked")
	if err != nil {
		return nil // no default collection yet: the first write makes it
	}
	if locked, ok := v.Value().(bool); ok && locked {
		return ErrLocked
	}
	return nil
}

// unlock asks the Secret Service to open the default collection and waits until a
// person has answered its prompt, or ctx ends: then the prompt goes.
func (k *osKeyring) unlock(ctx context.Context) error {
	bus, err := session(context.WithoutCancel(ctx)) // the prompt is taken back after ctx
	if err != nil {
		return err
	}
	defer bus.Close()
	service := bus.Object(secrets, secretsPath)
	var collection dbus.ObjectPath
	if err := service.CallWithContext(ctx, "org.freedesktop.Secret.Service.ReadAlias", 0, "default").Store(&collection); err != nil {
		return ErrUnavailable
	}
	var open []dbus.ObjectPath
	var prompt dbus.ObjectPath
	if err := service.CallWithContext(ctx, "org.freedesktop.Secret.Service.Unlock", 0, []dbus.ObjectPath{collection}).Store(&open, &prompt); err != nil {
		return fmt.Errorf("unlock the keyring: %w", err)
	}
	if prompt == "/" || prompt == "" {
		return nil
	}
	return ask(ctx, bus, prompt)
}

// ask shows a prompt; ErrLocked where a person dismissed it.
func ask(ctx context.Context, bus *dbus.Conn, prompt dbus.ObjectPath) error {
	const face = "org.freedesktop.Secret.Prompt"
	if err := bus.AddMatchSignalContext(ctx, dbus.WithMatchObjectPath(prompt), dbus.WithMatchInterface(face)); err != nil {
		return fmt.Errorf("unlock the keyring: %w", err)
	}
	signals := make(chan *dbus.Signal, 4)
	bus.Signal(signals)
	window := bus.Object(secrets, prompt)
	if err := window.CallWithContext(ctx, face+".Prompt", 0, "").Err; err != nil {
		return fmt.Errorf("unlock the keyring: %w", err)
	}
	for {
		select {
		case s, ok := <-signals:
			if !ok {
				return ErrHanging // the bus is gone
			}
			if s.Path != prompt || s.Name != face+".Completed" || len(s.Body) == 0 {
				continue
			}
			if dismissed, _ := s.Body[0].(bool); dismissed {
				return ErrLocked
			}
			return nil
		case <-ctx.Done():
			_ = window.Call(face+".Dismiss", 0).Err // it goes with this program anyway
			return ErrHanging
		}
	}
}
