package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"connlint/output"
)

// fit holds lines of jsonl against the published schema: all of them are
// records of a run, or with def what that definition describes.
func fit(lines []byte, def string) error {
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(output.JSONSchema()))
	if err != nil {
		return err
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", doc); err != nil {
		return err
	}
	place := "schema.json"
	if def != "" {
		place += "#/$defs/" + def
	}
	schema, err := c.Compile(place)
	if err != nil {
		return err
	}
	if len(lines) == 0 {
		return fmt.Errorf("no records")
	}
	for line := range bytes.Lines(lines) {
		record, err := jsonschema.UnmarshalJSON(bytes.NewReader(line))
		if err == nil {
			err = schema.Validate(record)
		}
		if err != nil {
			return fmt.Errorf("%w\n%s", err, line)
		}
	}
	return nil
}

// fitCommand is "fits [DEFINITION]" of a script: it judges the last command's
// standard output.
func fitCommand(ts *testscript.TestScript, neg bool, args []string) {
	err := fit([]byte(ts.ReadFile("stdout")), strings.Join(args, ""))
	if neg && err == nil {
		ts.Fatalf("the records fit")
	}
	if !neg {
		ts.Check(err)
	}
}

func TestFitCanFail(t *testing.T) {
	for _, lines := range []string{"", "x\n", "{}\n", `{"type":"rule"}` + "\n"} {
		if fit([]byte(lines), "") == nil {
			t.Errorf("%q fits", lines)
		}
	}
}
