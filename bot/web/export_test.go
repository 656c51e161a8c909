package web

import (
	"context"
	"encoding/json"
	"net/http"

	"milepost/storage"
)

// SessionForTest makes a session without GitHub: for a person who sees these repositories of an installation, by role.
func (s *Server) SessionForTest(ctx context.Context, u storage.User, installation int64, roles map[int64]string) (*http.Cookie, error) {
	if err := s.cfg.Store.PutUser(ctx, u); err != nil {
		return nil, err
	}
	var list []shared
	for id, role := range roles {
		list = append(list, shared{id, role})
	}
	repos, err := json.Marshal(list)
	if err != nil {
		return nil, err
	}
	mark, err := markOf(1)
	if err != nil {
		return nil, err
	}
	now := s.cfg.Now()
	if err := s.cfg.Store.PutAccess(ctx, u.ID, []storage.Access{{InstallationID: installation, Repos: repos, FetchedAt: now}, {Repos: mark, FetchedAt: now}}); err != nil {
		return nil, err
	}
	value := newToken()
	hash := hashToken(value)
	sealed, err := s.box.seal("session "+hash, session{Token: "t", Since: now})
	if err != nil {
		return nil, err
	}
	err = s.cfg.Store.PutSession(ctx, storage.Session{TokenHash: hash, UserID: u.ID, Data: sealed, ExpiresAt: now.Add(sessionLife)})
	return &http.Cookie{Name: s.cookieName(sessionCookie), Value: value}, err
}

// OwnPathForTest is ownPath.
func OwnPathForTest(to string) string { return ownPath(to) }

// AccessLifeForTest is how long GitHub's word counts.
const AccessLifeForTest = accessLife

// RememberedForTest is how many repositories the pages hold in memory.
func (s *Server) RememberedForTest() int {
	s.cohort.mu.RLock()
	defer s.cohort.mu.RUnlock()
	return len(s.cohort.byID)
}
