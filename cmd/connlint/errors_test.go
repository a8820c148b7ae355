package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// unseen are the errors that no script and no test provokes, by their longest
// piece, and why.
var unseen = map[string]string{
	" interfaces in all parts": "the same in several files",
	" interfaces":              "takes a file of 65,537 interfaces: the tests of capture make one",
	": not allowed; ports below 1024 need CAP_NET_BIND_SERVICE": "takes a user without privilege where the tests run as root",
	"; the capture goes on without it":                          "takes a listener that fails after it has begun",
	"metrics are at http://":                                    "is no error: it says where the pages are",
}

// tried are the packages whose errors scripts have to provoke: of capture, the
// files that open and read captures.
var tried = []string{"cmd/connlint/*.go", "capture/open.go", "capture/input.go", "capture/compress.go", "capture/file.go", "capture/pcap*.go", "capture/rotation*.go"}

// Every error that the command line or a file can provoke is provoked by a
// script under testdata/cli or by a test of this package: what it says, or the
// longest piece of that between its figures, stands behind a "stderr" of the
// one, or in the other.
func TestEveryErrorIsSeen(t *testing.T) {
	seen := tests(t, func(line string) bool {
		return strings.Contains(line, "stderr ") || strings.HasPrefix(line, "connlint: ")
	})
	seen = strings.ReplaceAll(strings.ReplaceAll(seen, `\`, ""), "''", "'")
	n := 0
	for _, glob := range tried {
		for place, text := range errorTexts(t, filepath.Join(root, glob)) {
			n++
			piece := longestPiece(text)
			if !strings.Contains(seen, piece) && unseen[piece] == "" {
				t.Errorf("%s: no script and no test sees %q: %q", place, text, piece)
			}
		}
	}
	if n < 50 {
		t.Errorf("only %d errors were found in the code", n)
	}
}

// tests is the text of all scripts, as far as their lines are wanted, and of
// the tests of this package but this file.
func tests(t *testing.T, wanted func(line string) bool) string {
	t.Helper()
	scripts, err := filepath.Glob(filepath.Join(root, "testdata/cli/*.txtar"))
	if err != nil || len(scripts) == 0 {
		t.Fatal("no scripts", err)
	}
	own, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, file := range append(scripts, own...) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if filepath.Ext(file) == ".go" && file != "errors_test.go" || filepath.Ext(file) == ".txtar" && wanted(line) {
				b.WriteString(line)
			}
		}
	}
	return b.String()
}

// errorTexts are the literals that errors and log lines are made of, by where
// they stand.
func errorTexts(t *testing.T, glob string) map[string]string {
	t.Helper()
	files, err := filepath.Glob(glob)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %d files, %v", glob, len(files), err)
	}
	set := token.NewFileSet()
	texts := map[string]string{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(set, file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 || !makesError(call) {
				return true
			}
			ast.Inspect(call.Args[0], func(n ast.Node) bool {
				if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
					if text, err := strconv.Unquote(lit.Value); err == nil && len(longestPiece(text)) > 3 {
						texts[set.Position(lit.Pos()).String()] = text
					}
				}
				return true
			})
			return true
		})
	}
	return texts
}

// makesError goes by the name of what is called.
func makesError(call *ast.CallExpr) bool {
	s, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	x, _ := s.X.(*ast.Ident)
	return x != nil && (x.Name == "errors" && s.Sel.Name == "New" || x.Name == "fmt" && s.Sel.Name == "Errorf") ||
		s.Sel.Name == "Msgf" || s.Sel.Name == "Msg"
}

// longestPiece is the longest part of a format between its verbs.
func longestPiece(format string) string {
	pieces := regexp.MustCompile(`%[-+# 0-9.]*[a-zA-Z]`).Split(format, -1)
	return slices.MaxFunc(pieces, func(a, b string) int { return len(a) - len(b) })
}
