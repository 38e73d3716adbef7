package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v3"

	"github.com/oci-rung/rung/libcontainer/spec"
)

func (c *call) specCommand() *cli.Command {
	return c.command(&cli.Command{
		Name:        "spec",
		Usage:       "write a config.json to begin with",
		Description: "The container that it describes runs a shell on the directory rootfs of the bundle.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "bundle", Aliases: []string{"b"}, Value: ".", Usage: "`directory` to write the file to"},
			&cli.BoolFlag{Name: "rootless", Usage: "for a user without privileges"},
		},
	}, arity{0, 0}, func(cmd *cli.Command) error {
		config := spec.Default()
		if cmd.Bool("rootless") {
			spec.Rootless(config, uint32(c.uid), uint32(c.gid))
		}
		data, err := json.MarshalIndent(config, "", "\t")
		if err != nil {
			return err
		}
		return writeNew(filepath.Join(cmd.String("bundle"), configFile), append(data, '\n'))
	})
}

// writeNew writes a file that does not exist yet.
func writeNew(path string, data []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("File %s exists. Remove it first", filepath.Base(path)) //nolint:staticcheck // callers know these words
	}
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err = errors.Join(err, file.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}
