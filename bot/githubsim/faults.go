package githubsim

import (
	"net/http"
	"sync"
	"time"
)

// FaultKind is a way in which a call can go wrong.
type FaultKind int

// The ways in which a call can go wrong.
const (
	NoFault        FaultKind = iota
	FaultStatus              // answers Fault.Status (500 when it is 0) with a page of HTML, as a proxy does
	FaultTimeout             // never answers: hangs until the client gives up or the stand-in closes
	FaultCut                 // announces the whole answer, sends half of it and drops the connection
	FaultRetry               // 429 with Retry-After
	FaultSecondary           // the secondary limit: 403 with Retry-After
	FaultPrimary             // the primary limit: 403, nothing remaining, reset after Fault.Wait
)

// Fault is what [Sim.Fail] decides for one request.
type Fault struct {
	Kind   FaultKind
	Status int           // for FaultStatus
	Wait   time.Duration // Retry-After or the time until the reset; 0 means 2 s
	// Landed says that the call takes effect all the same and only its answer is
	// lost: a comment that exists although its author saw an error.
	Landed bool
}

// Fail installs the function that decides which API calls fail; nil ends it. It is
// called for every API call, from many goroutines, before anything else is done.
func (s *Sim) Fail(f func(*http.Request) Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

// Call is one line of the call log.
type Call struct {
	At        time.Time // by the system's clock
	Took      time.Duration
	Method    string
	Template  string // as in GitHub's description; "" if no route matched
	Path      string
	Query     string
	Status    int // 0 for a call that was never answered
	Installer int64
}

// Write reports whether the call asked for a change. Asking for an installation
// token is neither read nor write.
func (c Call) Write() bool {
	return c.Method != http.MethodGet && c.Method != http.MethodHead && !c.Token()
}

// Token reports whether the call asked for an installation token.
func (c Call) Token() bool { return c.Template == "/app/installations/{installation_id}/access_tokens" }

const maxLog = 100_000

type callLog struct {
	mu     sync.Mutex
	counts map[string]int
	calls  []Call
	reads  int
	writes int
}

func (l *callLog) init() { l.counts = map[string]int{} }

func (l *callLog) add(c Call) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts[c.Method+" "+c.Template]++
	switch {
	case c.Token():
	case c.Write():
		l.writes++
	default:
		l.reads++
	}
	if len(l.calls) >= maxLog {
		l.calls = append(l.calls[:0], l.calls[maxLog/2:]...)
	}
	l.calls = append(l.calls, c)
}

// Calls are the API calls so far (since [Sim.ResetCalls]) by method and route, as
// "GET /repos/{owner}/{repo}/git/trees/{tree_sha}".
func (s *Sim) Calls() map[string]int {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	out := make(map[string]int, len(s.log.counts))
	for k, v := range s.log.counts {
		out[k] = v
	}
	return out
}

// CallTotals are the reads and writes since [Sim.ResetCalls], without token requests.
func (s *Sim) CallTotals() (reads, writes int) {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	return s.log.reads, s.log.writes
}

// CallLog is the list of API calls since [Sim.ResetCalls] in the order of their
// answers (the latest 50,000 at least).
func (s *Sim) CallLog() []Call {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	return append([]Call(nil), s.log.calls...)
}

// ResetCalls sets the counters and the call log to nothing.
func (s *Sim) ResetCalls() {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	s.log.counts, s.log.calls, s.log.reads, s.log.writes = map[string]int{}, nil, 0, 0
}
