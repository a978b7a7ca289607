package settings

import (
	"context"
	"errors"
	"testing"
)

type memory struct {
	values map[string]string
	err    error
}

func (m memory) Setting(_ context.Context, n string) (string, error) { return m.values[n], m.err }
func (m memory) SetSetting(_ context.Context, n, v string) error {
	m.values[n] = v
	return m.err
}

func TestSaveAndLoad(t *testing.T) {
	ctx, m := context.Background(), memory{values: map[string]string{}}
	if got, err := Load(ctx, m); err != nil || got != Default() {
		t.Fatalf("empty store: %+v, %v", got, err)
	}
	want := Settings{Language: English, Theme: Dark, Started: true, Notices: true}
	if err := Save(ctx, m, want); err != nil {
		t.Fatal(err)
	}
	if got, err := Load(ctx, m); err != nil || got != want {
		t.Fatalf("got %+v, %v, want %+v", got, err, want)
	}
	m.values[nameTheme], m.values[nameLanguage] = "sepia", "fr"
	if got, _ := Load(ctx, m); got.Theme != System || got.Language != Chinese || !got.Started {
		t.Fatalf("unknown values: %+v", got)
	}
	m.err = errors.New("disk")
	if got, err := Load(ctx, m); err == nil || got != Default() {
		t.Fatalf("error: %+v, %v", got, err)
	}
	if Save(ctx, m, want) == nil {
		t.Fatal("Save hid the error")
	}
}
