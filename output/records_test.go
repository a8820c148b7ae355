package output_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"connlint/analysis"
	"connlint/analysis/rules"
	"connlint/analysis/ruletest"
	"connlint/capture"
	"connlint/output"
)

// checker takes what a Writer writes and holds each line against the schema.
type checker struct {
	schema *jsonschema.Schema
	rest   []byte
	kinds  map[string]int
	err    error // of the first record that does not fit
}

func (c *checker) Write(b []byte) (int, error) {
	c.rest = append(c.rest, b...)
	for {
		line, rest, ok := bytes.Cut(c.rest, []byte("\n"))
		if !ok {
			return len(b), nil
		}
		if err := c.record(line); err != nil && c.err == nil {
			c.err = fmt.Errorf("%w\n%s", err, line)
		}
		c.rest = rest
	}
}

func (c *checker) record(line []byte) error {
	record, err := jsonschema.UnmarshalJSON(bytes.NewReader(line))
	if err != nil {
		return err
	}
	if kind, ok := record.(map[string]any)["type"].(string); ok {
		c.kinds[kind]++
	}
	return c.schema.Validate(record)
}

// check has all records of a capture checked; a damaged one has some, too.
func (c *checker) check(t *testing.T, name string, open func() (capture.ReadCloser, error)) {
	t.Helper()
	c.err = nil
	w, err := output.New("jsonl", c, output.Findings|output.Connections|output.Transactions)
	if err != nil {
		t.Fatal(err)
	}
	engine, err := analysis.New(analysis.Config{}, rules.All(), w)
	if err != nil {
		t.Fatal(err)
	}
	w.Begin(&output.Run{Sources: []string{name}, Parameters: engine.Parameters()})
	totals := &output.Totals{Analysis: engine.Summary()}
	if reader, err := open(); err != nil {
		totals.Sources = []output.Source{{Err: err}}
	} else {
		src := capture.NewFile(reader, name, 0)
		counts, err := analysis.Read(src, engine, analysis.Limits{})
		src.Close()
		totals.Sources = []output.Source{{Stats: counts.Source, Err: err}}
		totals.GivenUp.Add(counts)
	}
	if err := w.End(totals); err != nil {
		t.Fatal(err)
	}
	if c.err != nil {
		t.Errorf("%s: %v", name, c.err)
	}
}

// Every record that the traces of the rules make fits the schema.
func TestRecordsOfTracesFit(t *testing.T) {
	all := rules.All()
	cases, err := ruletest.Traces("../testdata/rules", all)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		examples, err := ruletest.ParsePage(r).Examples(all)
		if err != nil {
			t.Fatal(err)
		}
		cases = append(cases, examples...)
	}
	c := &checker{schema: compile(t), kinds: map[string]int{}}
	for _, x := range cases {
		c.check(t, x.Name, func() (capture.ReadCloser, error) {
			return capture.NewReader(bytes.NewReader(x.Capture()), x.Name)
		})
	}
	if c.kinds["run"] != len(cases) || c.kinds["summary"] != len(cases) || c.kinds["finding"] < len(all) {
		t.Errorf("%d traces made %v", len(cases), c.kinds)
	}
}

// So does every record of the captures, the damaged ones among them.
func TestRecordsOfCapturesFit(t *testing.T) {
	c := &checker{schema: compile(t), kinds: map[string]int{}}
	files := slices.Clone(repoCaptures)
	for _, name := range []string{"CONNLINT_LAB", "CONNLINT_CAPTURES"} {
		dir := os.Getenv(name)
		if dir == "" {
			t.Logf("%s is not set: its captures are not read", name)
			continue
		}
		before := len(files)
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() && isCapture(path) {
				files = append(files, path)
			}
			return err
		})
		if err != nil || len(files) == before {
			t.Errorf("%s: %d captures, %v", dir, len(files)-before, err)
		}
	}
	for _, path := range files {
		c.check(t, path, func() (capture.ReadCloser, error) { return capture.Open(path, nil) })
	}
	t.Logf("%d captures made %v", len(files), c.kinds)
}

// isCapture goes by the first bytes.
func isCapture(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	var start [4]byte
	if _, err := io.ReadFull(f, start[:]); err != nil {
		return false
	}
	magics := []string{"\xd4\xc3\xb2\xa1", "\xa1\xb2\xc3\xd4", "\x4d\x3c\xb2\xa1", "\xa1\xb2\x3c\x4d", "\x0a\x0d\x0d\x0a", "\x1f\x8b", "\x28\xb5"}
	return slices.ContainsFunc(magics, func(m string) bool { return strings.HasPrefix(string(start[:]), m) })
}

// The two JSON formats hold the same records.
func TestDocumentHasTheLines(t *testing.T) {
	for _, path := range captures(t) {
		lines := bytes.Split(bytes.TrimSuffix(report(t, "jsonl", path), []byte("\n")), []byte("\n"))
		var doc struct {
			Schema  string
			Records []json.RawMessage
		}
		if err := json.Unmarshal(report(t, "json", path), &doc); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if doc.Schema != output.Schema || len(doc.Records) != len(lines) {
			t.Fatalf("%s: the document has schema %q and %d records, the lines are %d", path, doc.Schema, len(doc.Records), len(lines))
		}
		for i := range lines {
			if !bytes.Equal(lines[i], doc.Records[i]) {
				t.Fatalf("%s: record %d differs:\n%s\n%s", path, i+1, lines[i], doc.Records[i])
			}
		}
	}
}

// compile makes a validator of the published schema that is stricter in one
// point: a field that is not described is refused, which readers have to bear
// of a later version.
func compile(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(output.JSONSchema()))
	if err != nil {
		t.Fatal(err)
	}
	shut(doc)
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// shut lets objects have no fields but those that are described.
func shut(x any) {
	switch x := x.(type) {
	case map[string]any:
		if _, ok := x["properties"].(map[string]any); ok && x["additionalProperties"] == nil {
			x["additionalProperties"] = false
		}
		for _, y := range x {
			shut(y)
		}
	case []any:
		for _, y := range x {
			shut(y)
		}
	}
}

// The schema refuses what it should: else the test above proves nothing.
func TestSchemaRefuses(t *testing.T) {
	schema := compile(t)
	good := bytes.Split(report(t, "jsonl", repoCaptures[0]), []byte("\n"))
	for _, change := range []struct{ kind, from, to string }{
		{"transaction", `"paced_ms"`, `"passed_ms"`},
		{"transaction", `"end":"complete"`, `"end":"finished"`},
		{"connection", `"traits":[]`, `"traits":["no-such-trait"]`},
		{"connection", `"caveats":[]`, `"caveats":null`},
		{"finding", `"severity":"`, `"severity":"very `},
		{"finding", `"cost":{"time_ms":`, `"cost":{"time":`},
		{"summary", `"first":"2`, `"first":"Sat 2`},
		{"run", `"schema":`, `"more":1,"schema":`},
		{"finding", `"role":`, `"colour":"red","role":`},
	} {
		done := false
		for _, line := range good {
			if done || !bytes.HasPrefix(line, []byte(`{"type":"`+change.kind)) || !bytes.Contains(line, []byte(change.from)) {
				continue
			}
			done = true
			bad, err := jsonschema.UnmarshalJSON(strings.NewReader(strings.Replace(string(line), change.from, change.to, 1)))
			if err != nil {
				t.Fatal(err)
			}
			if schema.Validate(bad) == nil {
				t.Errorf("%s with %s passes", change.kind, change.to)
			}
		}
		if !done {
			t.Errorf("no %s with %s to try", change.kind, change.from)
		}
	}
}
