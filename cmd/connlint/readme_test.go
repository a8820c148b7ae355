package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestReadme runs the console blocks of the README: a line that begins with
// "$ " is a command, what follows is what it prints. With -update they are
// rewritten, as is the table of rules.
func TestReadme(t *testing.T) {
	installed(t)
	document(t, "README.md", func(text string) string {
		blocks := strings.Split(text, "```console\n")
		if len(blocks) < 2 {
			t.Error("the README has no console block")
		}
		for i, block := range blocks[1:] {
			shown, rest, _ := strings.Cut(block, "```")
			blocks[i+1] = session(t, shown) + "```" + rest
		}
		return withRules(t, strings.Join(blocks, "```console\n"))
	})
}

// The README is read to its end by those who meet the program.
func TestReadmeIsShort(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), "\n"); n > 150 {
		t.Errorf("the README has %d lines, more than anybody reads", n)
	}
}

// TestQuestions runs the commands in the package documentation of output.
func TestQuestions(t *testing.T) {
	installed(t)
	const indent = "//\t"
	document(t, "output/doc.go", func(text string) string {
		var b strings.Builder
		var shown []string
		for line := range strings.Lines(text) {
			if code, ok := strings.CutPrefix(line, indent); ok {
				shown = append(shown, code)
				continue
			}
			if len(shown) > 0 {
				for answer := range strings.Lines(session(t, strings.Join(shown, ""))) {
					b.WriteString(indent + answer)
				}
				shown = nil
			}
			b.WriteString(line)
		}
		return b.String()
	})
}

// installed builds the program and puts it on the PATH; it skips the test
// where the commands that the documents use are not there.
func installed(t *testing.T) {
	t.Helper()
	for _, tool := range []string{"go", "jq", "sh"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed: the document is not checked", tool)
		}
	}
	bin := t.TempDir()
	if out, err := exec.Command("go", "build", "-o", filepath.Join(bin, "connlint"), ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
}

// document holds a file against what it should be, or rewrites it.
func document(t *testing.T, name string, rewrite func(string) string) {
	t.Helper()
	file := filepath.Join(root, name)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := rewrite(string(text))
	if want == string(text) {
		return
	}
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	has, wants := strings.Split(string(text), "\n"), strings.Split(want, "\n")
	for i := range min(len(has), len(wants)) {
		if has[i] != wants[i] {
			t.Fatalf("%s:%d: it says\n%s\nand should say\n%s\n(go test ./cmd/connlint -update rewrites it)", name, i+1, has[i], wants[i])
		}
	}
	t.Fatalf("%s has %d lines and should have %d", name, len(has), len(wants))
}

// session runs the commands of a block and returns the block as it should be.
func session(t *testing.T, shown string) string {
	t.Helper()
	var b strings.Builder
	for line := range strings.Lines(shown) {
		command, ok := strings.CutPrefix(line, "$ ")
		if !ok {
			continue
		}
		cmd := exec.Command("sh", "-c", strings.ReplaceAll(command, "go run ./cmd/connlint", "connlint"))
		cmd.Dir = root
		var stderr strings.Builder
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if exit, ok := err.(*exec.ExitError); err != nil && (!ok || exit.ExitCode() != exitFindings) {
			t.Errorf("%s%v: %s", line, err, stderr.String())
		}
		b.WriteString(line + string(out))
	}
	return b.String()
}
