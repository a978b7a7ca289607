package window

import (
	"context"
	"errors"

	"counterfoil/app/settings"
	"counterfoil/sync/desk"
	"counterfoil/sync/practice"
)

// A session is one data folder, open and syncing. The program shows one at a
// time: practice has a folder, and so a session, of its own.
type session struct {
	opts   Options
	d      *desk.Desk
	server *practice.Practice // inside the program; nil: the folder is a real one
	chosen settings.Settings  // how the window looks

	ctx    context.Context // ends with the session
	cancel context.CancelFunc
}

// openSession opens the folder for a window and begins to sync. It returns the
// errors of desk.Open.
func openSession(ctx context.Context, o Options) (*session, error) {
	s := &session{opts: o}
	way := &practice.Detour{}
	start := func(ctx context.Context, dir string) (_ desk.PracticeServer, err error) {
		s.server, err = practice.Start(ctx, practice.Config{Dir: dir, Version: o.Version, Desk: played{s}})
		way.Lead(s.server)
		return s.server, err
	}
	var err error
	cfg := o.config()
	cfg.PracticeServer, cfg.Proxy = start, way.Proxy
	s.d, err = desk.Open(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if s.chosen, err = settings.Load(ctx, s.d.Store); err != nil {
		return nil, errors.Join(err, s.d.Close())
	}
	if o.Language != "" {
		s.chosen.Language = settings.Language(o.Language)
	}
	if o.Theme != "" {
		s.chosen.Theme = settings.Theme(o.Theme)
	}
	if v := o.first; v != nil && !s.chosen.Started {
		s.chosen.Language, s.chosen.Theme = v.Language, v.Theme
	}
	sweepPages(o.Dir)
	s.ctx, s.cancel = context.WithCancel(ctx)
	s.d.Start()
	return s, nil
}

// close ends the sync and gives the folder up.
func (s *session) close() error {
	s.cancel()
	sweepPages(s.opts.Dir) // while nobody else may have the folder
	return s.d.Close()
}

// practising are the options of the practice folder beside this real one; v is
// how the window looks there when nothing else was chosen.
func (o Options) practising(v settings.Settings) Options {
	o.Folder, o.first = o.Folder.ToPractice(), &v
	return o
}

// leaving are the options of the real folder to go back to; the practice folder
// must be closed.
func (o Options) leaving(v settings.Settings) (Options, error) {
	var err error
	o.first = &v
	o.Folder, err = o.Folder.ToReal()
	return o, err
}
