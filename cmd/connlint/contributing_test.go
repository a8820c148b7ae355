package main

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestContributing follows the worked example of CONTRIBUTING.md in a copy of
// the module: it writes the files that the blocks name, and runs the commands,
// whose output has to contain the lines shown.
func TestContributing(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: the worked example is not followed")
	}
	text, err := os.ReadFile(filepath.Join(root, "CONTRIBUTING.md"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	copyModule(t, dir)
	runs := 0
	for _, b := range blocks(string(text)) {
		switch {
		case b.language == "console":
			runShown(t, dir, b.body)
			runs++
		case b.file != "":
			writeOrEdit(t, filepath.Join(dir, b.file), b.body)
		default:
			t.Errorf("a block of %s without a file's name", b.language)
		}
	}
	if runs != 4 {
		t.Errorf("%d commands were run", runs)
	}
}

// codeBlock is a fenced block: "```language file" and what it holds.
type codeBlock struct{ language, file, body string }

// blocks are the fenced blocks of a text. One that is fenced with four back
// quotes may hold others.
func blocks(text string) []codeBlock {
	var all []codeBlock
	fence := ""
	for line := range strings.Lines(text) {
		rest := strings.TrimLeft(line, "`")
		ticks := line[:len(line)-len(rest)]
		switch {
		case fence == "" && len(ticks) >= 3:
			fence = ticks
			language, file, _ := strings.Cut(strings.TrimSpace(rest), " ")
			all = append(all, codeBlock{language: language, file: file})
		case fence != "" && ticks == fence && rest == "\n":
			fence = ""
		case fence != "":
			all[len(all)-1].body += line
		}
	}
	return all
}

// copyModule copies what the rules and their tests are made of.
func copyModule(t *testing.T, dir string) {
	t.Helper()
	for _, name := range []string{"go.mod", "go.sum", "analysis", "capture", "reassembly", "testdata/rules"} {
		err := filepath.WalkDir(filepath.Join(root, name), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			to, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			to = filepath.Join(dir, to)
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
				return err
			}
			return os.WriteFile(to, data, 0o644)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// writeOrEdit makes a new file of a block. Of a file that is there, the line
// that begins like the block is replaced by the block.
func writeOrEdit(t *testing.T, file, body string) {
	t.Helper()
	old, err := os.ReadFile(file)
	if err != nil {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
	} else {
		first := regexp.MustCompile(`^\S*\s+\S+ \S+|^.*`).FindString(body)
		place := regexp.MustCompile("(?m)^" + regexp.QuoteMeta(first) + ".*\n")
		if n := len(place.FindAll(old, -1)); n != 1 {
			t.Fatalf("%s has %d lines that begin with %q", file, n, first)
		}
		body = place.ReplaceAllLiteralString(string(old), body)
	}
	if err := os.WriteFile(file, []byte(body), 0o644); err != nil {
		t.Fatal(err)
	}
}

// runShown runs a command and looks for the lines that it is said to print.
func runShown(t *testing.T, dir, body string) {
	t.Helper()
	first, rest, _ := strings.Cut(body, "\n")
	command, ok := strings.CutPrefix(first, "$ ")
	if !ok {
		t.Fatalf("no command: %s", first)
	}
	// Trimmed paths let the go command use what an earlier run has compiled.
	args := append(strings.Fields(command), "-trimpath", "-vet=off", "-run", "Valid|Pages|Proven|Examples/large")
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = dir
	out, _ := cmd.CombinedOutput() // it fails where the lines say so
	for line := range strings.Lines(rest) {
		if !strings.Contains(string(out), strings.TrimSuffix(line, "\n")) {
			t.Errorf("%s does not print\n%sbut\n%s", command, line, out)
		}
	}
}
