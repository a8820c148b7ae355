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
// rewritten.
func TestReadme(t *testing.T) {
	for _, tool := range []string{"go", "jq", "sh"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed: the README is not checked", tool)
		}
	}
	const root = "../.."
	bin := t.TempDir()
	if out, err := exec.Command("go", "build", "-o", filepath.Join(bin, "connlint"), ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	file := filepath.Join(root, "README.md")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(text), "```console\n")
	if len(blocks) < 2 {
		t.Fatal("the README has no console block")
	}
	for i, block := range blocks[1:] {
		shown, rest, _ := strings.Cut(block, "```")
		got := session(t, root, shown)
		if got != shown && !*update {
			t.Errorf("README shows\n%s\nbut it prints\n%s", shown, got)
		}
		blocks[i+1] = got + "```" + rest
	}
	if n := strings.Count(string(text), "\n"); n > 150 {
		t.Errorf("the README has %d lines, more than anybody reads", n)
	}
	if *update {
		if err := os.WriteFile(file, []byte(strings.Join(blocks, "```console\n")), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// session runs the commands of a block and returns the block as it should be.
func session(t *testing.T, dir, shown string) string {
	var b strings.Builder
	for line := range strings.Lines(shown) {
		command, ok := strings.CutPrefix(line, "$ ")
		if !ok {
			continue
		}
		cmd := exec.Command("sh", "-c", strings.ReplaceAll(command, "go run ./cmd/connlint", "connlint"))
		cmd.Dir = dir
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
