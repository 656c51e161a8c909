//go:build unix

package storage

import (
	"errors"
	"os"
	"syscall"
)

// fileLock is held for the life of a process; the kernel frees it when the process dies, however it dies.
type fileLock struct{ f *os.File }

// lockFile takes the lock of the file at path, or reports ErrLocked at once.
func lockFile(path string) (*fileLock, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err != nil {
		_ = f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, ErrLocked
		}
		return nil, err
	}
	return &fileLock{f}, nil
}

// unlock frees the lock. The file stays: removing it would let two processes hold "the" lock.
func (l *fileLock) unlock() error { return l.f.Close() }
