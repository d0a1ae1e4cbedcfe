package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

const (
	handoverKey = "handover"
	jobUID      = "batch.kubernetes.io/controller-uid"
	jobName     = "batch.kubernetes.io/job-name"
)

// handOver puts what the steps left into the termination message, or says there where it is.
func handOver(ctx context.Context, flags *flag.FlagSet, args []string) error {
	folder := flags.String("metadata-directory", "/work-creator-files/metadata", "the steps' texts")
	message := flags.String("termination-log", "/dev/termination-log", "what the kubelet reads")
	account := flags.String("account-directory", accountFolder, "token and authority of the account")
	if err := parse(flags, args); err != nil {
		return err
	}
	longest, err := strconv.Atoi(os.Getenv("RUNWRIGHT_LONGEST_MESSAGE"))
	if err != nil {
		return fmt.Errorf("read RUNWRIGHT_LONGEST_MESSAGE: %w", err)
	}
	left, err := leftIn(*folder, os.Getenv("KRATIX_WORKFLOW_ACTION"))
	if err != nil {
		return err
	}
	text, err := encoded(left)
	if err != nil {
		return err
	}
	if len(text) > mostBytes {
		return fmt.Errorf(
			"hand over: what the steps left has %d bytes, and %d is the most", len(text), mostBytes,
		)
	}
	// A last word stands in the pod's status, and where the worker keeps its history: no place for
	// files, of which some may be secret.
	if len(left.Files) > 0 || len(text) > longest {
		if text, err = store(ctx, *account, text); err != nil {
			return err
		}
	}
	if err := os.WriteFile(*message, text, 0o644); err != nil {
		return fmt.Errorf("hand over: %w", err)
	}
	fmt.Printf("handed over: %d files, %s\n", len(left.Files), named(left))
	return nil
}

func named(left handover) string {
	var found []string
	for _, one := range []struct{ name, text string }{
		{statusFile, left.Status}, {controlFile, left.Control}, {selectorsFile, left.Selectors},
	} {
		if one.text != "" {
			found = append(found, one.name)
		}
	}
	if len(found) == 0 {
		return "and no metadata"
	}
	return strings.Join(found, ", ")
}

// leftIn returns what the steps left. A delete pipeline puts nothing out: a file that says so was
// written by one of its steps.
func leftIn(folder, action string) (handover, error) {
	var left handover
	metadata, err := os.OpenRoot(folder)
	if err != nil {
		return left, err
	}
	defer metadata.Close()
	switch action {
	case "configure":
		if left.packed, err = packedIn(metadata); err != nil {
			return left, err
		}
	case "delete":
	default:
		return left, fmt.Errorf("read KRATIX_WORKFLOW_ACTION: %q is no action", action)
	}
	if left.Status, err = textOf(metadata, statusFile); err != nil {
		return left, err
	}
	left.Control, err = textOf(metadata, controlFile)
	return left, err
}

// packedIn returns what work-creator packed: a file of this user's that nobody else may read.
func packedIn(metadata *os.Root) (packed, error) {
	var content packed
	info, err := metadata.Lstat(packedFile)
	if err != nil {
		return content, fmt.Errorf("read %s: did work-writer run? %w", packedFile, cause(err))
	}
	of, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(of.Uid) != os.Geteuid() || info.Mode() != 0o600 || of.Nlink != 1 {
		return content, fmt.Errorf("read %s: work-writer did not write it so", packedFile)
	}
	file, err := metadata.Open(packedFile)
	if err != nil {
		return content, fmt.Errorf("read %s: %w", packedFile, cause(err))
	}
	defer file.Close()
	decoder := json.NewDecoder(io.LimitReader(file, 4*mostBytes))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&content); err != nil {
		return content, fmt.Errorf("read %s: %w", packedFile, err)
	}
	return content, nil
}

// store keeps a text in a ConfigMap that goes with the Job; it returns the handover that says so.
func store(ctx context.Context, account string, text []byte) ([]byte, error) {
	server, err := apiServer(account)
	if err != nil {
		return nil, err
	}
	namespace, err := os.ReadFile(filepath.Join(account, "namespace"))
	if err != nil {
		return nil, fmt.Errorf("find the namespace: %w", err)
	}
	sum := sha256.Sum256(text)
	digest := hex.EncodeToString(sum[:])
	path := "/api/v1/namespaces/" + url.PathEscape(strings.TrimSpace(string(namespace))) + "/configmaps"
	pod := os.Getenv("RUNWRIGHT_POD_NAME")
	for _, name := range []string{pod, pod + "-" + digest[:8], pod + "-" + digest} {
		err := server.create(ctx, path, configMap(name, text))
		if isStatus(err, http.StatusConflict) && !server.has(ctx, path+"/"+name, text) {
			continue // a step's, perhaps
		}
		if err != nil && !isStatus(err, http.StatusConflict) {
			return nil, fmt.Errorf("hand over %d bytes by configmap %s: %w", len(text), name, err)
		}
		return encoded(map[string]stored{"stored": {ConfigMap: name, Digest: digest}})
	}
	return nil, errors.New("hand over by a configmap: all its names are taken")
}

// has returns whether a ConfigMap has that text; what the account may not read is another's.
func (it *server) has(ctx context.Context, path string, text []byte) bool {
	answer, err := it.once(ctx, http.MethodGet, path, nil)
	var found struct{ Data map[string]string }
	if err != nil || json.Unmarshal(answer, &found) != nil {
		return false
	}
	return found.Data[handoverKey] == string(text)
}

func configMap(name string, text []byte) map[string]any {
	job, uid := os.Getenv("RUNWRIGHT_JOB_NAME"), os.Getenv("RUNWRIGHT_JOB_UID")
	owner := map[string]any{"apiVersion": "batch/v1", "kind": "Job", "name": job, "uid": uid}
	return map[string]any{
		"apiVersion": "v1",
		"kind":       "ConfigMap",
		"metadata": map[string]any{
			"name":            name,
			"labels":          map[string]string{jobName: job, jobUID: uid},
			"ownerReferences": []any{owner},
		},
		"immutable": true,
		"data":      map[string]string{handoverKey: string(text)},
	}
}
