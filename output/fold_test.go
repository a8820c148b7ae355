package output

import (
	"bytes"
	"strings"
	"testing"

	"connlint/analysis"
)

// family are a root and two rules that are part of it.
func family() (root, near, far *analysis.Rule) {
	return &analysis.Rule{Name: "keepalive/root"}, &analysis.Rule{Name: "concurrency/near", PartOf: []string{"keepalive/root"}},
		&analysis.Rule{Name: "connect/far", PartOf: []string{"keepalive/none", "concurrency/near"}}
}

// about is a finding of a rule about connections of a server.
func about(r *analysis.Rule, server string, lost int64, connections ...uint64) *analysis.Finding {
	f := finding(r.Name, server, lost)
	f.Rule, f.Subject.Kind, f.Subject.Connections = r, analysis.OfPair, connections
	return f
}

func folded(findings ...*analysis.Finding) []*paragraph {
	var g groups
	for _, f := range findings {
		g.add(f)
	}
	return g.paragraphs()
}

func told(t *testing.T, findings ...*analysis.Finding) string {
	t.Helper()
	var b bytes.Buffer
	w := newText(&b)
	w.Begin(&Run{Sources: []string{"a.pcap"}})
	for _, f := range findings {
		w.Finding(f)
	}
	if err := w.End(totals()); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// What is part of another trouble on the same connections is a line of it,
// also over two steps, and adds nothing to the cost.
func TestPartsAreFolded(t *testing.T) {
	root, near, far := family()
	got := told(t, about(far, "10.0.0.2:80", 90e6, 1, 2), about(near, "10.0.0.2:80", 211e6, 1, 2, 3), about(root, "10.0.0.2:80", 241e6, 1, 2, 3))
	for _, want := range []string{
		"Findings: 1 warning (3 findings)\n",
		"           cost: 241 ms; culprit: server\n",
		"           also: concurrency/near 211 ms, connect/far 90.0 ms on 2 of them: the same connections\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
	if strings.Contains(got, "warning  con") {
		t.Errorf("a part has a paragraph of its own:\n%s", got)
	}
}

// Another server, other connections, or no root: a paragraph each.
func TestWhatIsApartStaysApart(t *testing.T) {
	root, near, far := family()
	for name, n := range map[string]int{
		"other server":      len(folded(about(root, "10.0.0.2:80", 1, 1), about(near, "10.0.0.3:80", 1, 1))),
		"other connections": len(folded(about(root, "10.0.0.2:80", 1, 1, 2), about(near, "10.0.0.2:80", 1, 3, 4))),
		"no root":           len(folded(about(near, "10.0.0.2:80", 1, 1), about(root, "10.0.0.9:80", 1, 1))),
	} {
		if n != 2 {
			t.Errorf("%s: %d paragraphs", name, n)
		}
	}
	if ps := folded(about(near, "10.0.0.2:80", 1, 1), about(far, "10.0.0.2:80", 1, 1)); len(ps) != 1 || ps[0].rule != near || ps[0].also[0].overlap != within {
		t.Errorf("without the root, the part nearest to it tells the story: %+v", ps)
	}
}

// Where findings name only some of their connections, what is said of the
// others is no more than what is known.
func TestOverlapIsSaidHonestly(t *testing.T) {
	root, near, _ := family()
	many := func(r *analysis.Rule, first, n uint64) *analysis.Finding {
		var ids []uint64
		for id := first; id < first+min(n, analysis.MaxSubjects); id++ {
			ids = append(ids, id)
		}
		f := about(r, "10.0.0.2:80", 5e6, ids...)
		f.Subject.Omitted = int(n) - len(ids)
		return f
	}
	some := about(near, "10.0.0.2:80", 1e6, 2, 3, 4)
	for _, tt := range []struct {
		part, root *analysis.Finding
		want       string
	}{
		{some, about(root, "10.0.0.2:80", 5e6, 1, 2), "also: concurrency/near 1.00 ms on 3 connections, some of them the same\n"},
		{some, many(root, 1, 3000), "also: concurrency/near 1.00 ms on 3 of them: the same connections\n"},
		{about(near, "10.0.0.2:80", 1e6, 1500, 1501), many(root, 1, 3000), "also: concurrency/near 1.00 ms on 2 connections of the same client\n"},
		{many(near, 1, 3000), many(root, 1, 3000), "also: concurrency/near 5.00 ms: the same connections\n"},
	} {
		if got := told(t, tt.part, tt.root); !strings.Contains(got, tt.want) {
			t.Errorf("%q is not in\n%s", tt.want, got)
		}
	}
	stranger := about(near, "10.0.0.2:80", 1e6, 1500, 1501)
	stranger.Subject.Client = endpoint("10.9.9.9:0")
	if ps := folded(stranger, many(root, 1, 3000)); len(ps) != 2 {
		t.Errorf("a client that the root knows nothing of is folded into it")
	}
}

// A part that is worse, or that alone has a price, lifts the paragraph: no
// error hides behind a note, no cost behind none.
func TestTheWorstPartCounts(t *testing.T) {
	root, near, _ := family()
	worse := about(near, "10.0.0.2:80", 70e6, 1)
	worse.Severity = analysis.Error
	free := about(root, "10.0.0.2:80", 0, 1)
	got := told(t, worse, free, finding("tcp/dear", "10.0.0.3:80", 9e9))
	first, rest, _ := strings.Cut(got, "  warning  tcp/dear")
	if rest == "" || !strings.Contains(first, "  error    keepalive/root") || !strings.Contains(first, "cost: 70.0 ms; culprit") ||
		!strings.Contains(first, "also: concurrency/near (error) 70.0 ms: the same connection\n") {
		t.Errorf("got\n%s", got)
	}
}

// Rules that are part of each other lose nothing and end.
func TestCircleOfParts(t *testing.T) {
	a, b := &analysis.Rule{Name: "tcp/a", PartOf: []string{"tcp/b"}}, &analysis.Rule{Name: "tcp/b", PartOf: []string{"tcp/a"}}
	got := told(t, about(a, "10.0.0.2:80", 1, 1), about(b, "10.0.0.2:80", 1, 1))
	if !strings.Contains(got, "tcp/a") || !strings.Contains(got, "tcp/b") {
		t.Errorf("lost:\n%s", got)
	}
}

// What two large sets keep is the same end of both.
func TestLowestIsBounded(t *testing.T) {
	var l lowest[uint64]
	for i := range uint64(10 * maxLowest) {
		l.add((i*7919)%(10*maxLowest), func(a, b uint64) int { return int(a) - int(b) })
	}
	if len(l.kept) != maxLowest || !l.more || l.kept[0] != 0 || l.kept[maxLowest-1] != maxLowest-1 {
		t.Errorf("%d kept, more %v: %v", len(l.kept), l.more, l.kept)
	}
}
