package linux

import (
	"golang.org/x/sys/unix"
)

// SealedCopy copies the file behind from, which has been opened for reading,
// into anonymous memory that can be executed and that nobody can change, grow,
// shrink or make writable again. The caller closes the result.
func SealedCopy(name string, from FD) (FD, error) {
	fd, err := memfdForExec(name)
	if err != nil {
		return NoFD, err
	}
	if err := copyAll(fd, from); err != nil {
		_ = fd.Close()
		return NoFD, err
	}
	if err := sealExec(fd); err != nil {
		_ = fd.Close()
		return NoFD, err
	}
	return fd, nil
}

func memfdForExec(name string) (FD, error) {
	flags := unix.MFD_CLOEXEC | unix.MFD_ALLOW_SEALING
	// Kernel(6.3): with vm.memfd_noexec=1 a memfd cannot be executed unless
	// this is said; before, the flag is unknown and not needed.
	fd, err := unix.MemfdCreate(name, flags|unix.MFD_EXEC)
	if err == unix.EINVAL {
		fd, err = unix.MemfdCreate(name, flags)
	}
	if err != nil {
		return NoFD, wrap("memfd_create", name, err)
	}
	return FD(fd), nil
}

// copyChunk is sendfile(2)'s own limit for one call, rounded down to a page.
const copyChunk = 0x7ffff000

func copyAll(to, from FD) error {
	for {
		n, err := unix.Sendfile(int(to), int(from), nil, copyChunk)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return wrap("sendfile", "memfd", err)
		}
		if n == 0 {
			return nil
		}
	}
}

const sealContent = unix.F_SEAL_SEAL | unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE

func sealExec(fd FD) error {
	// Kernel(6.3): F_SEAL_EXEC, the mode bits may not change any more.
	_, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, sealContent|unix.F_SEAL_EXEC)
	if err == unix.EINVAL {
		_, err = unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, sealContent)
	}
	return wrap("fcntl F_ADD_SEALS", "memfd", err)
}
