package output

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly"
	"connlint/reassembly/http1"
)

// names collects name(0), name(1) … up to and with last.
func names[T ~uint8](last T, name func(T) string) []string {
	var all []string
	for v := T(0); ; v++ {
		all = append(all, string(appendSlug(nil, name(v))))
		if v == last {
			return all
		}
	}
}

// noMore fails if the enum goes on behind last: then the schema lacks it.
func noMore(t *testing.T, what string, name func() string) {
	t.Helper()
	defer func() { recover() }()
	t.Errorf("%s: there is %q behind what the schema lists", what, name())
}

// Every closed set of words in the schema is the code's own.
func TestSchemaHasTheWordsOfTheCode(t *testing.T) {
	var flaws, gates, closes []string
	for bit := http1.Flaws(1); bit != 0 && bit.String() != ""; bit <<= 1 {
		flaws = append(flaws, string(appendSlug(nil, bit.String())))
	}
	for bit := analysis.Gates(1); bit != 0 && bit.String() != ""; bit <<= 1 {
		gates = append(gates, bit.String())
	}
	for why := reassembly.Closed; why <= reassembly.EndOfCapture; why++ {
		closes = append(closes, closeName(why))
	}
	code := map[string][]string{
		"trait":        timeline.TraitNames(),
		"caveat":       reassembly.CaveatNames(),
		"severity":     names(analysis.Error, analysis.Severity.String)[1:],
		"culprit":      names(analysis.Capture, analysis.Role.String),
		"side":         names(reassembly.Server, reassembly.Side.String),
		"vantage":      names(reassembly.MidPath, reassembly.Vantage.String),
		"closed_by":    {"client", "server", "none"},
		"close":        closes,
		"end":          names(http1.Evicted, http1.End.String),
		"framing":      names(http1.Invalid, http1.Framing.String),
		"flaw":         flaws,
		"gate":         gates,
		"subject_kind": names(analysis.OfPath, analysis.SubjectKind.String)[1:],
		"cause":        names(timeline.NumCauses-1, timeline.Cause.String),
	}
	noMore(t, "culprit", (analysis.Capture + 1).String)
	noMore(t, "close", (reassembly.EndOfCapture + 1).String)
	noMore(t, "end", (http1.Evicted + 1).String)
	noMore(t, "framing", (http1.Invalid + 1).String)
	noMore(t, "subject_kind", (analysis.OfPath + 1).String)
	var doc struct {
		Defs map[string]struct {
			Enum       []string
			Required   []string
			Properties map[string]any
		} `json:"$defs"`
	}
	if err := json.Unmarshal([]byte(JSONSchema()), &doc); err != nil {
		t.Fatal(err)
	}
	for def, want := range code {
		if got := doc.Defs[def].Enum; !slices.Equal(got, want) {
			t.Errorf("%s: the schema has %q, the code %q", def, got, want)
		}
	}
	for def, d := range doc.Defs {
		if len(d.Enum) > 0 && code[def] == nil {
			t.Errorf("%s: no list in the code is held against its words", def)
		}
		if len(d.Properties) != len(d.Required) {
			t.Errorf("%s: no field is ever left out, so all of them are required", def)
		}
	}
	var causes []string
	for c := range timeline.NumCauses {
		causes = append(causes, c.String()+"_ms")
	}
	if got := doc.Defs["account"].Required; !slices.Equal(got, causes) {
		t.Errorf("account: the schema has %q, the code %q", got, causes)
	}
	for _, c := range code["caveat"] {
		if caveatWords(c) == "" {
			t.Errorf("caveat %s: no words for it in the text report", c)
		}
	}
	for _, g := range gates {
		if gateWords(g) == g || strings.TrimSpace(gateWords(g)) == "" {
			t.Errorf("gate %s: no words for it in the text report", g)
		}
	}
}

// Whoever reads the schema learns what each field is: it is described where
// it stands, whatever else its kind says.
func TestSchemaDescribesEveryField(t *testing.T) {
	var doc struct {
		Description string
		Defs        map[string]any `json:"$defs"`
	}
	if err := json.Unmarshal([]byte(JSONSchema()), &doc); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(doc.Description, "rely on under this version") {
		t.Error("the schema does not say what a version promises")
	}
	for name, def := range doc.Defs {
		if text, _ := def.(map[string]any)["description"].(string); text == "" {
			t.Errorf("%s is not described", name)
		}
		undescribed(t, name, def)
	}
}

func undescribed(t *testing.T, place string, x any) {
	object, ok := x.(map[string]any)
	if !ok {
		return
	}
	fields, _ := object["properties"].(map[string]any)
	for name, field := range fields {
		if text, _ := field.(map[string]any)["description"].(string); text == "" {
			t.Errorf("%s.%s is not described", place, name)
		}
		undescribed(t, place+"."+name, field)
	}
	for _, within := range []string{"items", "additionalProperties"} {
		undescribed(t, place, object[within])
	}
}
