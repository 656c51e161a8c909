//go:build unix

package storagetest

import "syscall"

// attr puts a program into a session of its own, away from the terminal's Ctrl-C, under the owner's name.
func (o *owner) attr() *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Setsid: true}
	if o != nil {
		a.Credential = &syscall.Credential{Uid: o.uid, Gid: o.gid}
	}
	return a
}
