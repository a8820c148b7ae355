package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

const mixed = "../../testdata/lab/13-mixed/client.pcap.gz"

// corrupt are the damaged captures that CONNLINT_CAPTURES lists.
func corrupt(t *testing.T) []string {
	dir := os.Getenv("CONNLINT_CAPTURES")
	if dir == "" {
		t.Skip("CONNLINT_CAPTURES is not set: no damaged captures to read")
	}
	manifest, err := os.ReadFile(filepath.Join(dir, "MANIFEST.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for line := range strings.Lines(string(manifest)) {
		if fields := strings.Split(line, "\t"); len(fields) > 1 && fields[1] == "corrupt" {
			files = append(files, filepath.Join(dir, fields[0]))
		}
	}
	if len(files) == 0 {
		t.Fatal("the manifest lists no damaged capture")
	}
	return files
}

// A damaged capture is reported up to the damage; then one line says where it
// is, and the exit code is 2.
func TestDamagedCaptures(t *testing.T) {
	place := regexp.MustCompile(`^connlint: [^\n]+: packet [1-9][0-9]*: [^\n]+\n$`)
	for _, path := range corrupt(t) {
		var stdout, stderr bytes.Buffer
		if code := run([]string{"--format", "json", path}, nil, &stdout, &stderr); code != exitFailed {
			t.Errorf("%s: exit %d", path, code)
		}
		if !place.MatchString(stderr.String()) {
			t.Errorf("%s: stderr %q", path, stderr.String())
		}
		var doc struct {
			Records []struct {
				Type   string
				Errors []string
			}
		}
		if err := json.Unmarshal(stdout.Bytes(), &doc); err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		last := doc.Records[len(doc.Records)-1]
		if last.Type != "summary" || len(last.Errors) != 1 || "connlint: "+last.Errors[0]+"\n" != stderr.String() {
			t.Errorf("%s: the last record is %+v", path, last)
		}
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// A full disk is said; a reader that has seen enough is left in peace.
func TestReportThatCannotBeWritten(t *testing.T) {
	for _, args := range [][]string{{mixed}, {"--format", "jsonl", mixed}, {"--help"}, {"rules"}, {"schema"}} {
		var stderr bytes.Buffer
		code := run(args, nil, failing{&os.PathError{Op: "write", Path: "/dev/stdout", Err: syscall.EPIPE}}, &stderr)
		if code != exitFailed || stderr.Len() > 0 {
			t.Errorf("%q, pipe closed: exit %d, stderr %q", args, code, stderr.String())
		}
		code = run(args, nil, failing{errors.New("no space left on device")}, &stderr)
		if want := "connlint: the report could not be written: no space left on device\n"; code != exitFailed || stderr.String() != want {
			t.Errorf("%q, disk full: exit %d, stderr %q", args, code, stderr.String())
		}
	}
}

// The same bytes give the same report, whether from a file, from standard
// input or in pieces.
func TestSourcesAgree(t *testing.T) {
	data, err := os.ReadFile(mixed)
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"--format", "jsonl", "--records", "finding,connection,transaction"}
	report := func(stdin io.Reader, path string) string {
		var stdout, stderr bytes.Buffer
		if run(append(args, path), stdin, &stdout, &stderr); stderr.Len() > 0 {
			t.Fatal(stderr.String())
		}
		return strings.ReplaceAll(stdout.String(), `"`+path+`"`, `"-"`)
	}
	want := report(nil, mixed)
	if got := report(bytes.NewReader(data), "-"); got != want {
		t.Error("standard input gives another report than the file")
	}
	if got := report(pieces{bytes.NewReader(data)}, "-"); got != want {
		t.Error("bytes that come in pieces give another report")
	}
}

// pieces returns few bytes at a time.
type pieces struct{ r io.Reader }

func (p pieces) Read(b []byte) (int, error) { return p.r.Read(b[:min(len(b), 61)]) }

func TestTooManySources(t *testing.T) {
	var stderr bytes.Buffer
	code := run(make([]string, maxSources+1), nil, io.Discard, &stderr)
	if want := "connlint: 65537 files are more than one run can number; 65536 are its limit\n"; code != exitFailed || stderr.String() != want {
		t.Errorf("exit %d, stderr %q", code, stderr.String())
	}
}

func TestNearestNames(t *testing.T) {
	for a, want := range map[string]int{"": 4, "rule": 0, "rules": 1, "rile": 1, "elur": 4, strings.Repeat("x", 200): 200} {
		if got := distance(a, "rule"); got != want {
			t.Errorf("%.10s: got %d, want %d", a, got, want)
		}
	}
}

func TestErrorsAreOneHarmlessLine(t *testing.T) {
	var stdout, stderr bytes.Buffer
	code := run([]string{"no\nsuch\x1b[2J\u202efile\xff.pcap"}, nil, &stdout, &stderr)
	out := stderr.String()
	if code != exitFailed || strings.Count(out, "\n") != 1 || strings.ContainsAny(out, "\x1b\u202e") || !strings.Contains(out, `no\nsuch\x1b[2J\u202efile`) {
		t.Errorf("exit %d, stderr %q", code, out)
	}
}
