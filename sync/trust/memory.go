package trust

import (
	"context"
	"sync"
)

// memoryKeyring forgets everything at the end: for tests and a tour.
type memoryKeyring struct {
	mu    sync.Mutex
	items map[string]string
}

// Memory is a keyring that lives as long as the program.
func Memory() Keyring { return &memoryKeyring{items: map[string]string{}} }

func (k *memoryKeyring) Kind() string { return "memory" }

func (k *memoryKeyring) Get(_ context.Context, name string) (string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	v, ok := k.items[name]
	if !ok {
		return "", ErrMissing
	}
	return v, nil
}

func (k *memoryKeyring) Set(_ context.Context, name, value string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.items[name] = value
	return nil
}

func (k *memoryKeyring) Delete(_ context.Context, name string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.items, name)
	return nil
}
