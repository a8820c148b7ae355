package analysis_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"connlint/analysis/rules"
	"connlint/analysis/ruletest"
	"connlint/capture"
)

// TestDamagedCaptures reads every public capture whole, cut at twenty places
// and with one byte in a hundred changed: nothing panics or hangs, an error
// names the file and the packet, what is reported holds together, and no
// goroutine is left.
//
// Without CONNLINT_STRESS it takes one file in five and four cuts; -short leaves
// it out.
func TestDamagedCaptures(t *testing.T) {
	dir := os.Getenv("CONNLINT_CAPTURES")
	if dir == "" || testing.Short() {
		t.Skip("CONNLINT_CAPTURES is not set, or -short")
	}
	cuts, every := 4, 5
	if os.Getenv("CONNLINT_STRESS") != "" {
		cuts, every = 20, 1
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no captures in CONNLINT_CAPTURES: %v", err)
	}
	before := runtime.NumGoroutine()
	for i, path := range files {
		if info, err := os.Stat(path); i%every != 0 || err != nil || info.IsDir() {
			continue
		}
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(filepath.Base(path), func(t *testing.T) { damage(t, path, file, cuts) })
	}
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines, %d before", after, before)
	}
}

func damage(t *testing.T, path string, file []byte, cuts int) {
	r := random(path)
	survives(t, "whole", path, file)
	for range cuts {
		n := r.IntN(len(file) + 1)
		survives(t, fmt.Sprintf("cut to %d bytes", n), path, file[:n])
	}
	survives(t, "with bytes changed", path, changed(r, file, 0))
	survives(t, "with bytes changed behind the first hundred", path, changed(r, file, 100))
}

// changed is the file with one byte in a hundred replaced, from byte from on.
func changed(r *rand.Rand, file []byte, from int) []byte {
	bad := append([]byte(nil), file...)
	for range len(bad)/100 + 1 {
		if n := len(bad) - from; n > 0 {
			bad[from+r.IntN(n)] = byte(r.Uint32())
		}
	}
	return bad
}

// survives reads a file that may be damaged.
func survives(t *testing.T, what, path string, file []byte) {
	t.Helper()
	defer func() {
		if p := recover(); p != nil {
			t.Errorf("%s: %v\n%s", what, p, debug.Stack())
		}
	}()
	began := time.Now()
	src, err := ruletest.Open(path, file)
	if err != nil {
		if bad, ok := errors.AsType[*capture.Error](err); !ok || bad.Path != path {
			t.Errorf("%s: opening it: %v", what, err)
		}
		return
	}
	defer src.Close()
	res, err := ruletest.Run(ruletest.Options{Rules: rules.All()}, src)
	if bad, ok := errors.AsType[*capture.Error](err); err != nil && (!ok || bad.Path != path || bad.Packet == 0) {
		t.Errorf("%s: an error without file or packet: %v", what, err)
	}
	if res == nil {
		t.Fatalf("%s: %v", what, err)
	}
	if err := res.Verify(); err != nil {
		t.Errorf("%s: %v", what, err)
	}
	if took := time.Since(began); took > mostSeconds*time.Second {
		t.Errorf("%s: %v for %d bytes", what, took, len(file))
	}
}

// mostSeconds is how long one file may take: the largest takes less than two.
const mostSeconds = 60
