package trust

import (
	"context"
	"encoding/json"
)

// A ProxyUser is who signs in at an office's proxy.
type ProxyUser struct {
	Proxy    string `json:"proxy"` // host:port; nobody else is shown the password
	Name     string `json:"name"`
	Password string `json:"password"`
}

func (s *Store) proxyName() string { return "proxy." + s.Profile }

// SaveProxyUser keeps the sign-in for one proxy in place of the one before.
func (s *Store) SaveProxyUser(ctx context.Context, u ProxyUser) error {
	raw, err := json.Marshal(u)
	if err != nil {
		return err
	}
	return s.Keyring.Set(ctx, s.proxyName(), string(raw))
}

// LoadProxyUser returns the sign-in that is kept; ErrMissing when there is none.
func (s *Store) LoadProxyUser(ctx context.Context) (u ProxyUser, err error) {
	raw, err := s.Keyring.Get(ctx, s.proxyName())
	if err == nil && json.Unmarshal([]byte(raw), &u) != nil {
		err = ErrMissing // one that cannot be read is asked for again
	}
	return u, err
}

// ForgetProxyUser removes it; it is no error when there is none.
func (s *Store) ForgetProxyUser(ctx context.Context) error {
	return s.Keyring.Delete(ctx, s.proxyName())
}
