package main

import (
	"context"
	"flag"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"sigs.k8s.io/yaml"
)

const (
	inputFile = "object.yaml"
	shown     = 500 // bytes of it, in the log
)

// read writes the parent, as the cluster has it now, where the steps find it.
func read(ctx context.Context, flags *flag.FlagSet, args []string) error {
	folder := flags.String("input-directory", "/kratix/input", "where the steps find the object")
	account := flags.String("account-directory", accountFolder, "token and authority of the account")
	if err := parse(flags, args); err != nil {
		return err
	}
	object, err := objectOf(os.Getenv)
	if err != nil {
		return err
	}
	server, err := apiServer(*account)
	if err != nil {
		return err
	}
	found, err := server.get(ctx, object)
	if err != nil {
		return err
	}
	text, err := yaml.JSONToYAML(found)
	if err != nil {
		return fmt.Errorf("%s: the answer is no object: %w", object, err)
	}
	if err := replace(filepath.Join(*folder, inputFile), text); err != nil {
		return err
	}
	fmt.Printf("%s\n", text[:min(len(text), shown)])
	return nil
}

// object is a thing that the API server has.
type object struct {
	path      string
	plural    string
	namespace string
	name      string
}

func (one object) String() string {
	if one.namespace == "" {
		return fmt.Sprintf("get %s %s", one.plural, one.name)
	}
	return fmt.Sprintf("get %s %s/%s", one.plural, one.namespace, one.name)
}

// objectOf returns the parent that the variables name. Source: Kratix, reader.
func objectOf(variable func(string) string) (object, error) {
	one := object{plural: variable("KRATIX_CRD_PLURAL"), name: variable("KRATIX_OBJECT_NAME")}
	version := variable("KRATIX_OBJECT_VERSION")
	for name, value := range map[string]string{
		"KRATIX_CRD_PLURAL":     one.plural,
		"KRATIX_OBJECT_NAME":    one.name,
		"KRATIX_OBJECT_VERSION": version,
	} {
		if value == "" {
			return one, fmt.Errorf("find the object: %s is empty", name)
		}
	}
	base := []string{"api", version}
	if group := variable("KRATIX_OBJECT_GROUP"); group != "" {
		base = []string{"apis", group, version}
	}
	if variable("KRATIX_CLUSTER_SCOPED") != "true" {
		if one.namespace = variable("KRATIX_OBJECT_NAMESPACE"); one.namespace == "" {
			one.namespace = "default"
		}
		base = append(base, "namespaces", one.namespace)
	}
	for _, part := range append(base, one.plural, one.name) {
		one.path += "/" + url.PathEscape(part)
	}
	return one, nil
}

// replace writes a file that everybody may read, whole or not at all.
func replace(path string, content []byte) error {
	draft, err := os.CreateTemp(filepath.Dir(path), ".draft-")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer os.Remove(draft.Name())
	_, err = draft.Write(content)
	if err == nil {
		err = draft.Chmod(0o644) // whatever the umask is
	}
	if closed := draft.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(draft.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
