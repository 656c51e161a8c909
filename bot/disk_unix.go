//go:build unix

package bot

import (
	"fmt"
	"syscall"
)

// freeBytes is the space left for others than root on the file system of a folder.
func freeBytes(dir string) (uint64, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return 0, fmt.Errorf("bot: disk: %w", err)
	}
	return st.Bavail * uint64(st.Bsize), nil //nolint:gosec // the type differs by system; a block size is positive
}
