package exeseal

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"
)

// What Begin opens belongs to who took it, or to nobody.
func TestBegin(t *testing.T) {
	o := Begin()
	fd, err := o.Take()
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Close(); err != nil {
		t.Error(err)
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(fd), &st); err != nil {
		t.Errorf("taken, and closed nevertheless: %v", err)
	}
	if err := fd.Close(); err != nil {
		t.Error(err)
	}

	o = Begin()
	<-o.done
	left := int(o.fd)
	if err := errors.Join(o.Close(), o.Close()); err != nil {
		t.Errorf("nobody took it: %v", err)
	}
	if err := unix.Fstat(left, &st); err != unix.EBADF {
		t.Errorf("descriptor %d: got %v want it closed", left, err)
	}
}
