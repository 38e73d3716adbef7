// Command xattr sets an extended attribute of a file, or prints one. It runs
// beside a test, and as a payload, as busybox has nothing for it.
//
//	xattr FILE NAME          prints the value in hex, or "none"
//	xattr FILE NAME VALUE    sets it to a value in hex
package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "xattr:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch len(args) {
	case 2:
		value := make([]byte, 64<<10)
		n, err := unix.Lgetxattr(args[0], args[1], value)
		if errors.Is(err, unix.ENODATA) {
			fmt.Println("none")
			return nil
		}
		if err != nil {
			return err
		}
		fmt.Println(hex.EncodeToString(value[:n]))
		return nil
	case 3:
		value, err := hex.DecodeString(args[2])
		if err != nil {
			return err
		}
		return unix.Lsetxattr(args[0], args[1], value, 0)
	}
	return errors.New("usage: xattr FILE NAME [VALUE-IN-HEX]")
}
