package storagetest

import "syscall"

func (o *owner) attr() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }
