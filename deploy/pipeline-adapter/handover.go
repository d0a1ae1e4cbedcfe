package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
	"unicode/utf8"
)

const (
	// What fits into a ConfigMap, all in all; and what of that the files may be, so that the
	// texts beside them fit too.
	mostBytes  = 1 << 20
	mostPacked = 1_000_000
	mostText   = 256 << 10 // of each text: the worker, whose time all runs share, reads it as YAML

	statusFile    = "status.yaml"
	controlFile   = "workflow-control.yaml"
	selectorsFile = "destination-selectors.yaml"

	// packedFile is between work-creator and update-status, in a folder that the author's steps
	// can write: by the time of the one they have ended, so what they planted is removed.
	packedFile = ".runwright-packed.json"
)

// handover is the last word of the pod, unless that is where it is stored. It is never empty: so
// would be the word of a pod that has nothing of ours in it.
type handover struct {
	Status  string `json:"status"`
	Control string `json:"control,omitempty"`
	packed
}

// packed is what work-creator leaves for update-status.
type packed struct {
	Selectors string            `json:"selectors,omitempty"`
	Files     map[string]string `json:"files,omitempty"`
}

type stored struct {
	ConfigMap string `json:"configMap"`
	Digest    string `json:"digest"`
}

// encoded returns JSON that is the same for the same content.
func encoded(content any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(content); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(text.Bytes()), nil
}

// textOf returns what the steps wrote into a file of the metadata folder; nothing if there is none.
func textOf(metadata *os.Root, name string) (string, error) {
	if _, err := metadata.Lstat(name); errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	file, err := openFile(metadata, name)
	if err != nil {
		return "", err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, mostText+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("read %s: %w", name, err)
	case len(text) > mostText:
		return "", fmt.Errorf("read %s: it has more than %d bytes", name, mostText)
	case !utf8.Valid(text):
		return "", fmt.Errorf("read %s: it is no text in UTF-8", name)
	}
	return string(text), nil
}

// openFile opens a regular file in a folder, through links that do not lead out of it. Nothing
// of the author's runs any more that could put another file in its place.
func openFile(folder *os.Root, path string) (*os.File, error) {
	info, err := folder.Stat(path)
	if err != nil {
		return nil, explained(folder, path, err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("read %s: it is no regular file: %v", path, info.Mode())
	}
	file, err := folder.Open(path)
	if err != nil {
		return nil, explained(folder, path, err)
	}
	return file, nil
}

// explained says of a file that cannot be read whose it is, and what would mend it.
func explained(folder *os.Root, path string, err error) error {
	err = fmt.Errorf("read %s: %w", path, cause(err))
	info, unseen := folder.Stat(path)
	if !errors.Is(err, fs.ErrPermission) || unseen != nil {
		return err
	}
	of, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return err
	}
	return fmt.Errorf(
		"%w: it is user %d's with mode %v, and this container is user %d; let the step that "+
			"wrote it make it readable for all, by umask 022 or by chmod -R a+rX",
		err, of.Uid, info.Mode(), os.Geteuid(),
	)
}

// cause returns an error without the path, which is in the message already.
func cause(err error) error {
	var of *fs.PathError
	if errors.As(err, &of) {
		return of.Err
	}
	return err
}
