package main

import (
	"encoding/hex"
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// update rewrites what scripts and the README show: go test ./cmd/connlint -update
var update = flag.Bool("update", false, "rewrite expected output instead of comparing with it")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"connlint": main})
}

// TestScripts runs the command lines under testdata/cli. Beside the usual
// commands a script has
//
//	cut FILE N NEW         NEW is the first N bytes of FILE
//	patch FILE OFFSET HEX  overwrites bytes of FILE
//	hex FILE HEX…          makes FILE of the bytes
//	fits [DEFINITION]      holds the jsonl in stdout against the schema
//
// and $LAB, the captures of the repository.
func TestScripts(t *testing.T) {
	lab, err := filepath.Abs("../../testdata/lab")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:           "../../testdata/cli",
		UpdateScripts: *update,
		Setup: func(env *testscript.Env) error {
			env.Setenv("LAB", lab)
			return nil
		},
		Condition: func(cond string) (bool, error) { return cond == "root" && os.Geteuid() == 0, nil },
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"cut":   cutFile,
			"patch": patchFile,
			"fits":  fitCommand,
			"hex":   hexFile,
		},
	})
}

func cutFile(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	data := ts.ReadFile(args[0])
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(data[:n]), 0o644))
}

func patchFile(ts *testscript.TestScript, _ bool, args []string) {
	offset, err := strconv.Atoi(args[1])
	ts.Check(err)
	with, err := hex.DecodeString(args[2])
	ts.Check(err)
	data := []byte(ts.ReadFile(args[0]))
	copy(data[offset:], with)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o644))
}

func hexFile(ts *testscript.TestScript, _ bool, args []string) {
	data, err := hex.DecodeString(strings.Join(args[1:], ""))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o644))
}
