package main

import (
	"encoding/binary"
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
//	part FILE A B NEW      NEW is packets A to B of FILE, a pcap of this machine's byte order
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
			"part":  partOfFile,
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

func partOfFile(ts *testscript.TestScript, _ bool, args []string) {
	from, err := strconv.Atoi(args[1])
	ts.Check(err)
	to, err := strconv.Atoi(args[2])
	ts.Check(err)
	data := []byte(ts.ReadFile(args[0]))
	at, part := 24, append([]byte(nil), data[:24]...)
	for n := 1; n <= to && at < len(data); n++ {
		end := at + 16 + int(binary.NativeEndian.Uint32(data[at+8:]))
		if n >= from {
			part = append(part, data[at:end]...)
		}
		at = end
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[3]), part, 0o644))
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
