package trust

import (
	"context"
	"fmt"
	"os"

	"github.com/godbus/dbus/v5"
)

const secrets = "org.freedesktop.secrets"

// look asks the Secret Service whether it is there and open. Without a session
// bus nothing is called: the library would start a stray bus each time.
func look(ctx context.Context) error {
	address := os.Getenv("DBUS_SESSION_BUS_ADDRESS")
	if address == "" {
		runtime := fmt.Sprintf("%s/bus", os.Getenv("XDG_RUNTIME_DIR"))
		if _, err := os.Stat(runtime); err != nil {
			return ErrUnavailable
		}
		address = "unix:path=" + runtime
	}
	bus, err := dbus.Connect(address, dbus.WithContext(ctx))
	if err != nil {
		return ErrUnavailable
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
	v, err := bus.Object(secrets, "/org/freedesktop/secrets/aliases/default").GetProperty("org.freedesktop.Secret.Collection.Locked")
	if err != nil {
		return nil // no default collection yet: the first write makes it
	}
	if locked, ok := v.Value().(bool); ok && locked {
		return ErrLocked
	}
	return nil
}
