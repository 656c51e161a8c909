package bot

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"milepost/bot/gh"
	"milepost/bot/web"
)

// lookForSetup is how often a server without an app looks whether one was set up.
const lookForSetup = 5 * time.Second

// offerSetup serves the set-up page, or, in a worker, just waits, until an app is set up here or in another process.
func (s *Server) offerSetup(ctx context.Context, wc web.Config) error {
	if s.endWaiting != nil {
		return nil // looked again: nothing has changed
	}
	if s.cfg.Role == RoleWorker {
		s.log.InfoContext(ctx, "no GitHub App is configured: waiting until it is set up in a web process")
	} else {
		token, err := setupToken(ctx, s.store, s.secret)
		if err != nil {
			return err
		}
		wc.Setup = &web.Setup{Token: token, Hook: s.cfg.WebhookProxy, Save: s.saveCredentials}
		pages, err := web.New(wc)
		if err != nil {
			return fmt.Errorf("bot: %w", err)
		}
		s.swap(func() { s.pages = s.tracer.page(pages) })
		s.log.InfoContext(ctx, "no GitHub App is configured: open the set-up page", "url", s.base()+"/setup?token="+token)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	s.endWaiting = func() { cancel(); <-ended }
	go func() {
		defer close(ended)
		s.awaitSetup(ctx)
	}()
	return nil
}

// awaitSetup looks for credentials until there is an app: when the database tells that something happened, and now and then.
func (s *Server) awaitSetup(ctx context.Context) {
	wake, stop := s.store.Wakes()
	defer stop()
	tick := time.NewTicker(cmp.Or(s.opts.LookForSetup, lookForSetup))
	defer tick.Stop()
	said := ""
	for !s.hasApp() {
		select {
		case <-ctx.Done():
			return
		case <-wake:
		case <-tick.C:
		}
		if err := s.assemble(ctx); err != nil && ctx.Err() == nil && err.Error() != said {
			said = err.Error() // once is enough
			s.log.ErrorContext(ctx, "the app was set up, and cannot work here", "error", err)
		}
	}
}

// hasApp reports whether the parts that depend on the app are there.
func (s *Server) hasApp() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.assembled
}

// saveCredentials is what the set-up page does with a new app's credentials: they are stored, and the server goes to work.
func (s *Server) saveCredentials(ctx context.Context, creds gh.Credentials) error {
	if err := storeCredentials(ctx, s.store, s.secret, creds); err != nil {
		return err
	}
	return s.assemble(context.WithoutCancel(ctx))
}
