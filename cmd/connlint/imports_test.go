package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// root is the module's folder, seen from this test.
const root = "../.."

// rooms are the packages in the order in which facts pass through them. A
// package imports those of earlier lines and of no other, its own included.
var rooms = [...][]string{
	{"connlint/capture"},
	{"connlint/capture/trace", "connlint/capture/livetest"},
	{"connlint/reassembly"},
	{"connlint/reassembly/http1", "connlint/reassembly/tls"},
	{"connlint/analysis/timeline"},
	{"connlint/analysis"},
	{"connlint/analysis/ruletest"},
	{"connlint/analysis/rules"},
	{"connlint/output"},
	{"connlint/output/metrics"},
	{"connlint/cmd/connlint"},
}

// forTests are rooms that nothing in the program leads to.
var forTests = [...]string{"connlint/capture/livetest", "connlint/analysis/ruletest"}

// guests are the modules of others and where they may be known.
var guests = [...]struct{ path, room string }{
	{"github.com/google/gopacket", "connlint/capture"},
	{"github.com/klauspost/compress", "connlint/capture"},
	{"golang.org/x/net/bpf", "connlint/capture"},
	{"golang.org/x/sys", "connlint/capture"},
	{"github.com/prometheus/client_golang", "connlint/output/metrics"},
	{"golang.org/x/net/netutil", "connlint/cmd"},
	{"github.com/spf13/pflag", "connlint/cmd"},
	{"github.com/rs/zerolog", "connlint/cmd"},
	{"github.com/mattn/go-isatty", "connlint/cmd"},
}

// pkg is what "go list -json" says of a package.
type pkg struct {
	ImportPath, Dir string
	Imports         []string
}

// packages asks the go command for the packages of the module.
func packages(t *testing.T) []pkg {
	t.Helper()
	list := exec.Command("go", "list", "-json=ImportPath,Dir,Imports", "./...")
	list.Dir = root
	var stderr bytes.Buffer
	list.Stderr = &stderr
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v: %s", err, stderr.Bytes())
	}
	var all []pkg
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) < len(rooms) {
		t.Fatalf("go list knows %d packages", len(all))
	}
	return all
}

// floor is where a package stands in rooms, -1 if it does not.
func floor(path string) int {
	return slices.IndexFunc(rooms[:], func(paths []string) bool { return slices.Contains(paths, path) })
}

func TestImportsPointOneWay(t *testing.T) {
	for _, p := range packages(t) {
		if err := misled(p); err != nil {
			t.Error(err)
		}
	}
}

// misled says which imports of a package it must not have.
func misled(p pkg) error {
	if floor(p.ImportPath) < 0 {
		return fmt.Errorf("%s: add it to the list of rooms", p.ImportPath)
	}
	var errs []error
	for _, path := range p.Imports {
		switch host, _, _ := strings.Cut(path, "/"); {
		case host == "connlint":
			if f := floor(path); f < 0 || f >= floor(p.ImportPath) || slices.Contains(forTests[:], path) {
				errs = append(errs, fmt.Errorf("%s must not import %s", p.ImportPath, path))
			}
		case strings.Contains(host, ".") && !welcome(path, p.ImportPath):
			errs = append(errs, fmt.Errorf("%s must not import %s; see the list of guests", p.ImportPath, path))
		}
	}
	return errors.Join(errs...)
}

func welcome(path, room string) bool {
	for _, g := range guests {
		if within(path, g.path) {
			return within(room, g.room)
		}
	}
	return false
}

// within reports whether a path is dir or lies under it.
func within(path, dir string) bool { return path == dir || strings.HasPrefix(path, dir+"/") }

func TestImportRulesCanFail(t *testing.T) {
	for _, wrong := range []pkg{
		{ImportPath: "connlint/capture", Imports: []string{"connlint/reassembly"}},
		{ImportPath: "connlint/reassembly/tls", Imports: []string{"connlint/reassembly/http1"}},
		{ImportPath: "connlint/reassembly", Imports: []string{"github.com/google/gopacket/layers"}},
		{ImportPath: "connlint/output", Imports: []string{"github.com/rs/zerolog"}},
		{ImportPath: "connlint/output", Imports: []string{"connlint/analysis/ruletest"}},
		{ImportPath: "connlint/capture", Imports: []string{"example.com/new"}},
		{ImportPath: "connlint/util"},
	} {
		if misled(wrong) == nil {
			t.Errorf("%+v passes", wrong)
		}
	}
}

// clocks are what asks the operating system for the time, or waits for it.
var clocks = [...]string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTicker", "NewTimer"}

// openers are the files below cmd that may know the operating system: they
// open captures, write them, or serve tests alone.
var openers = [...]string{"capture/open.go", "capture/recorder_file.go", "capture/livetest/livetest.go",
	"capture/livetest/namespace_linux.go", "analysis/ruletest/page.go"}

func TestHouseRules(t *testing.T) {
	for _, p := range packages(t) {
		dir, err := filepath.Rel(mustAbs(t, root), p.Dir)
		if err != nil {
			t.Fatal(err)
		}
		names, err := filepath.Glob(filepath.Join(p.Dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		h := house{files: token.NewFileSet(), cmd: within(p.ImportPath, "connlint/cmd")}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if err := h.add(filepath.ToSlash(filepath.Join(dir, filepath.Base(name))), text); err != nil {
				t.Fatal(err)
			}
		}
		for _, complaint := range h.inspect() {
			t.Error(complaint)
		}
	}
}

func mustAbs(t *testing.T, path string) string {
	t.Helper()
	abs, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return abs
}

func TestHouseRulesCanFail(t *testing.T) {
	for _, code := range []string{
		`import "time"; func f() { _ = time.Now() }`,
		`import clock "time"; var _ = clock.Since`,
		`import "os"`,
		`func init() {}`,
		`var count int`,
		`var cache = map[string]int{}; func f() { cache["a"] = 1 }`,
		`var table = [...]int{1}; func f() { table[0]++ }`,
		`var table = [...]int{1}; func f() *int { return &table[0] }`,
		`var table = map[string]int{}; func f() { delete(table, "a") }`,
		`var x = f()`,
		`var pool = sync.Pool{}`,
	} {
		h := house{files: token.NewFileSet()}
		if err := h.add("p.go", []byte("package p\n"+code)); err != nil {
			t.Fatal(err)
		}
		if len(h.inspect()) == 0 {
			t.Errorf("%s: passes", code)
		}
	}
	h := house{files: token.NewFileSet()}
	good := "package p\nimport (\n\"embed\"\n\"errors\"\n\"regexp\"\n)\n" +
		"var errBad = errors.New(\"bad\")\nvar re = regexp.MustCompile(`a`)\n//go:embed *.md\nvar pages embed.FS\n" +
		"var _ I = (*T)(nil)\nvar names = [...]string{\"a\"}\nfunc f() string { return names[0] }\n"
	if err := h.add("p.go", []byte(good)); err != nil {
		t.Fatal(err)
	}
	for _, complaint := range h.inspect() {
		t.Error(complaint)
	}
}
