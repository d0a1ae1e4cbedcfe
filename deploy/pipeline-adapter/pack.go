package main

import (
	"context"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"compress/gzip"

	"sigs.k8s.io/yaml"
)

const (
	mostUnpacked = 64 << 20 // whoever unpacks it holds it in memory
	mostEntries  = 50_000
	perFile      = 6 // bytes of JSON around a path and its content
)

// pack puts what the steps put out into one file that is handed over in the end.
func pack(_ context.Context, flags *flag.FlagSet, args []string) error {
	folder := flags.String("input-directory", "/work-creator-files", "has input and metadata")
	for _, name := range []string{
		"promise-name", "pipeline-name", "namespace", "workflow-type",
		"resource-name", "resource-namespace",
	} {
		flags.String(name, "", "whose it is; said for people who look at the pod")
	}
	if err := parse(flags, args); err != nil {
		return err
	}
	metadata, err := os.OpenRoot(filepath.Join(*folder, "metadata"))
	if err != nil {
		return err
	}
	defer metadata.Close()
	if err := metadata.RemoveAll(packedFile); err != nil {
		return unremovable(err)
	}
	selectors, err := textOf(metadata, selectorsFile)
	if err != nil {
		return err
	}
	content := packed{Selectors: selectors}
	control, err := textOf(metadata, controlFile)
	if err != nil {
		return err
	}
	if holds(control) {
		fmt.Println("the pipeline wants to run again: what it put out is not handed over")
	} else if content.Files, err = packedFiles(filepath.Join(*folder, "input")); err != nil {
		return err
	}
	return leave(metadata, content)
}

// holds returns whether what the pipeline put out becomes no Work. Where it is in doubt, it may:
// the worker decides by its own reading, and says what is wrong with the text.
func holds(control string) bool {
	var asked map[string]any
	if yaml.Unmarshal([]byte(control), &asked) != nil {
		return false
	}
	after := asked["retryAfter"]
	return asked["suspend"] == true || (after != nil && after != "")
}

// leave writes the packed content; the file is this user's alone, and was not there before.
func leave(metadata *os.Root, content packed) error {
	text, err := encoded(content)
	if err != nil {
		return err
	}
	file, err := metadata.OpenFile(packedFile, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write %s: %w", packedFile, cause(err))
	}
	_, err = file.Write(text)
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", packedFile, cause(err))
	}
	fmt.Printf("packed %d files in %d bytes\n", len(content.Files), len(text))
	return nil
}

func unremovable(err error) error {
	return fmt.Errorf(
		"remove %s, which a step left in the metadata folder and is not a step's to write: %w",
		packedFile, cause(err),
	)
}

// packedFiles returns the files of a folder by their paths in it, each as gzip in base64.
func packedFiles(folder string) (map[string]string, error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	it := &packer{root: root, files: map[string]string{}, size: mostPacked, unpacked: mostUnpacked}
	if it.zip, err = gzip.NewWriterLevel(nil, gzip.BestCompression); err != nil {
		return nil, err
	}
	if err := it.entry("."); err != nil {
		return nil, err
	}
	return it.files, nil
}

type packer struct {
	root  *os.Root
	zip   *gzip.Writer
	files map[string]string
	above []os.FileInfo // the folders that it is in

	entries        int
	size, unpacked int64 // bytes that there is still room for
}

func (it *packer) entry(name string) error {
	if it.entries++; it.entries > mostEntries {
		return fmt.Errorf("pack the output: there are more than %d files and folders", mostEntries)
	}
	if !utf8.ValidString(name) {
		return fmt.Errorf("pack the output: the name %q is no text in UTF-8", name)
	}
	info, err := it.root.Stat(name)
	if err != nil {
		return explained(it.root, name, err)
	}
	if !info.IsDir() {
		return it.file(name)
	}
	if slices.ContainsFunc(it.above, func(one os.FileInfo) bool { return os.SameFile(one, info) }) {
		return fmt.Errorf("read %s: it is a link to a folder that it is in", name)
	}
	it.above = append(it.above, info)
	defer func() { it.above = it.above[:len(it.above)-1] }()
	return it.folder(name)
}

func (it *packer) folder(name string) error {
	folder, err := it.root.Open(name)
	if err != nil {
		return explained(it.root, name, err)
	}
	found, err := folder.ReadDir(mostEntries + 1)
	folder.Close()
	if err != nil && !errors.Is(err, io.EOF) {
		return explained(it.root, name, err)
	}
	slices.SortFunc(found, func(a, b os.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	for _, one := range found {
		if err := it.entry(path.Join(name, one.Name())); err != nil {
			return err
		}
	}
	return nil
}

func (it *packer) file(name string) error {
	file, err := openFile(it.root, name)
	if err != nil {
		return err
	}
	defer file.Close()
	it.size -= int64(len(name)) + perFile
	var text strings.Builder
	coded := base64.NewEncoder(base64.StdEncoding, &bounded{&text, &it.size})
	it.zip.Reset(coded)
	read, err := io.Copy(it.zip, io.LimitReader(file, it.unpacked+1))
	it.unpacked -= read
	if it.unpacked < 0 {
		return fmt.Errorf("pack the output: it has more than %d bytes", mostUnpacked)
	}
	if err == nil {
		err = it.zip.Close()
	}
	if err == nil {
		err = coded.Close()
	}
	if err != nil {
		return fmt.Errorf("pack %s: %w", name, cause(err))
	}
	it.files[name] = text.String()
	return nil
}

// bounded writes as long as there is room.
type bounded struct {
	text *strings.Builder
	left *int64
}

var errTooMuch = fmt.Errorf(
	"with it the output has more than %d bytes, compressed and in base64, and no more can be "+
		"handed over; put elsewhere what is large, and into the output what refers to it", mostPacked,
)

func (it *bounded) Write(part []byte) (int, error) {
	if *it.left -= int64(len(part)); *it.left < 0 {
		return 0, errTooMuch
	}
	return it.text.Write(part)
}
