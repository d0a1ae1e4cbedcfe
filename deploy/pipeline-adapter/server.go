package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	accountFolder = "/var/run/secrets/kubernetes.io/serviceaccount"
	largestAnswer = 8 << 20
	quoted        = 256 // bytes of what an API server says

	within        = 2 * time.Minute  // an API server that is away or busy is waited for
	withinRights  = 15 * time.Second // and as long for rights that were granted just now
	perRequest    = 30 * time.Second
	shortestPause = 100 * time.Millisecond
	longestPause  = 10 * time.Second
)

// server is the API server, asked as the account of the pod.
type server struct {
	client *http.Client
	base   string
	token  string // the file: the kubelet renews it
}

// refusal is an answer that is not what was asked for.
type refusal struct {
	status  int
	said    string
	waiting time.Duration
}

func (one *refusal) Error() string {
	text := fmt.Sprintf("HTTP %d %s", one.status, http.StatusText(one.status))
	if one.said != "" {
		text += ": " + one.said
	}
	return text
}

func isStatus(err error, status int) bool {
	var answer *refusal
	return errors.As(err, &answer) && answer.status == status
}

// apiServer returns the API server that the kubelet told of.
func apiServer(account string) (*server, error) {
	host, port := os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT")
	if host == "" || port == "" {
		return nil, errors.New("find the API server: KUBERNETES_SERVICE_HOST or _PORT is empty")
	}
	authority, err := os.ReadFile(filepath.Join(account, "ca.crt"))
	if err != nil {
		return nil, fmt.Errorf("find the API server: does the account mount its token? %w", err)
	}
	trusted := x509.NewCertPool()
	if !trusted.AppendCertsFromPEM(authority) {
		return nil, errors.New("find the API server: there is no certificate in ca.crt")
	}
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS12},
		DialContext:     (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
	}
	return &server{
		client: &http.Client{Transport: transport, Timeout: perRequest},
		base:   "https://" + net.JoinHostPort(host, port),
		token:  filepath.Join(account, "token"),
	}, nil
}

// get returns an object as JSON.
func (it *server) get(ctx context.Context, one object) ([]byte, error) {
	answer, err := it.patiently(ctx, http.MethodGet, one.path, nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", one, err)
	}
	return answer, nil
}

// create makes an object of those at a path.
func (it *server) create(ctx context.Context, path string, manifest any) error {
	body, err := json.Marshal(manifest)
	if err != nil {
		return err
	}
	_, err = it.patiently(ctx, http.MethodPost, path, body)
	return err
}

// patiently asks until there is an answer that asking again would not change.
func (it *server) patiently(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	begun, pause := time.Now(), shortestPause
	for {
		answer, err := it.once(ctx, method, path, body)
		if err == nil {
			return answer, nil
		}
		limit, waiting := patience(err, pause)
		if ctx.Err() != nil || time.Since(begun)+waiting > limit {
			return nil, err
		}
		fmt.Fprintf(os.Stderr, "%s %s: %v; again in %v\n", method, path, err, waiting)
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(waiting):
		}
		pause = min(2*pause, longestPause)
	}
}

// patience returns how long in all an answer is not taken for the last word, and the next pause.
func patience(err error, pause time.Duration) (limit, waiting time.Duration) {
	var answer *refusal
	if !errors.As(err, &answer) {
		return within, pause // nobody answered
	}
	switch {
	case answer.status == http.StatusTooManyRequests, answer.status >= 500:
		return within, max(pause, answer.waiting)
	case answer.status == http.StatusUnauthorized, answer.status == http.StatusForbidden:
		return withinRights, pause
	}
	return 0, pause
}

func (it *server) once(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, it.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	token, err := os.ReadFile(it.token)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "runwright-pipeline-adapter")
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := it.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, largestAnswer+1))
	switch {
	case err != nil:
		return nil, err
	case response.StatusCode >= 300:
		return nil, refused(response, answer)
	case len(answer) > largestAnswer:
		return nil, &refusal{status: response.StatusCode, said: "the answer is too long"}
	}
	return answer, nil
}

func refused(response *http.Response, answer []byte) *refusal {
	var status struct{ Message string }
	if json.Unmarshal(answer, &status) != nil {
		status.Message = string(answer)
	}
	status.Message = strings.TrimSpace(strings.ToValidUTF8(status.Message, "?"))
	seconds, _ := strconv.Atoi(response.Header.Get("Retry-After"))
	return &refusal{
		status:  response.StatusCode,
		said:    status.Message[:min(len(status.Message), quoted)],
		waiting: min(time.Duration(seconds)*time.Second, longestPause),
	}
}
