package work

import (
	"errors"
	"fmt"
	"runtime/debug"
	"time"
)

// SnoozeError asks for the work to go on later, without counting this attempt: a rate limit resets then, or GitHub does not show the commit yet.
type SnoozeError struct {
	Until  time.Time
	Reason string
	Yields bool // a new wish for the key cuts the wait short
}

func (e *SnoozeError) Error() string {
	return fmt.Sprintf("snoozed until %s: %s", e.Until.UTC().Format(time.RFC3339), e.Reason)
}

// Snooze is the error by which a handler asks to be called again at a time and not before.
func Snooze(until time.Time, reason string) error {
	return &SnoozeError{Until: until, Reason: reason}
}

// ParkError says that trying again is useless.
type ParkError struct{ Reason string }

func (e *ParkError) Error() string { return "set aside: " + e.Reason }

// Park is the error by which a handler sets its key aside as poison, until somebody asks for it again.
func Park(reason string) error { return &ParkError{Reason: reason} }

// PanicError is a panic of a handler.
type PanicError struct {
	Value any
	Stack []byte
}

// Error is a line, and then the stack, which is for operators.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v\n%s", e.Value, e.Stack) }

// Guard returns f with a net under it: a panic becomes a PanicError. Whatever a handler runs in goroutines of its own needs it, because a panic that
// nothing catches there ends the process with all its other work.
func Guard(f func() error) func() error {
	return func() (err error) {
		defer func() {
			if v := recover(); v != nil {
				err = &PanicError{Value: v, Stack: debug.Stack()}
			}
		}()
		return f()
	}
}

// Causes for which a run's context is cancelled.
var (
	errStopping  = errors.New("work: the process stops")
	errLeaseOver = errors.New("work: the lease could not be renewed in time")
)
