package snapshot

import (
	"os"
	"syscall"
)

// openDir is a folder that is open, so that its files are opened without a walk from the root.
type openDir struct {
	name string
	file *os.File
	fd   int
}

func (d *openDir) open(root *os.Root, name string) {
	d.name = name
	f, err := root.Open(name)
	if err != nil {
		return
	}
	d.file, d.fd = f, int(f.Fd())
}

func (d *openDir) close() {
	if d.file != nil {
		d.file.Close() //nolint:errcheck // read only
	}
	*d = openDir{}
}

// read reads a regular file whole into buf; ok is false whenever anything is not as expected, a file that does not fit among it. No link is
// followed, and a pipe in the file's place blocks nobody.
func (d *openDir) read(base string, buf []byte) (data []byte, ok bool) {
	if d.file == nil {
		return nil, false
	}
	fd, err := syscall.Openat(d.fd, base, syscall.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOFOLLOW|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil, false
	}
	defer syscall.Close(fd) //nolint:errcheck // read only
	var info syscall.Stat_t
	if syscall.Fstat(fd, &info) != nil || info.Mode&syscall.S_IFMT != syscall.S_IFREG || info.Size >= int64(len(buf)) || info.Size > MaxFileSize {
		return nil, false
	}
	n, err := syscall.Read(fd, buf) // of a regular file the whole, for there is room for more
	if err != nil || int64(n) != info.Size {
		return nil, false
	}
	return buf[:n], true
}
