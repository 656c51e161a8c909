package storage

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// fileLock is held for the life of a process; the system frees it when the process dies, however it dies.
type fileLock struct{ f *os.File }

// lockFile takes the lock of the file at path, or reports ErrLocked at once.
func lockFile(path string) (*fileLock, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	if err := windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, &windows.Overlapped{}); err != nil {
		_ = f.Close()
		if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
			return nil, ErrLocked
		}
		return nil, err
	}
	return &fileLock{f}, nil
}

// unlock frees the lock.
func (l *fileLock) unlock() error { return l.f.Close() }
