package trust

import "context"

// Misplace takes the bundle out of the keyring, or where damaged is set puts
// something in its place that is none: what a practice plays. back undoes it.
func (s *Store) Misplace(ctx context.Context, damaged bool) (back func(context.Context) error, err error) {
	raw, err := s.Keyring.Get(ctx, s.headName())
	if err != nil {
		return nil, err
	}
	if damaged {
		err = s.Keyring.Set(ctx, s.headName(), "{}")
	} else {
		err = s.Keyring.Delete(ctx, s.headName())
	}
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) error { return s.Keyring.Set(ctx, s.headName(), raw) }, nil
}
