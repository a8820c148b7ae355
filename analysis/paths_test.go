package analysis_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"connlint/analysis"
	"connlint/analysis/timeline"
)

// relayed is a request on both sides of a proxy, twice.
const relayed = `conn a 10.0.0.1:40000 > 10.0.0.2:80
conn b 10.0.0.2:50000 > 10.0.0.3:80
+0     a> S mss=1460
+1ms   a< S. mss=1460
+0     a> .
+0     b> S mss=1460
+1ms   b< S. mss=1460
+0     b> .
+0     a> P. "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
+0     b> P. "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
+10ms  b< P. "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"
+0     b< P. "123456789"
+0     b> .
+0     a< P. "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n123456789"
+0     a> .
+0     a> P. "GET /b HTTP/1.1\r\nHost: h\r\n\r\n"
+0     b> P. "GET /b HTTP/1.1\r\nHost: h\r\n\r\n"
+10ms  b< P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
+0     b> .
+0     a< P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
+0     a> .
`

// everyRoute counts paths in a slot and reports what the slot has when the
// route ends.
func everyRoute(p *analysis.Pass) analysis.Run {
	slots := analysis.PerRoute[analysis.Finding](p)
	return analysis.Run{
		Path: func(path *timeline.Path) {
			f := slots.Route(path.Route)
			f.Count++
			f.Subject = analysis.Through(path.Route)
			f.Subject.GatherPath(path)
			f.Evidence.Cite(path.Up.Request, "sent on")
		},
		Route: func(r *timeline.Route) {
			if f := slots.Peek(r.Slot()); f != nil {
				told := *f // a finding may be kept, a slot ends with its owner
				told.Message = fmt.Sprintf("%d of %d", f.Count, r.Paths)
				p.Report(&told)
			}
		},
	}
}

// A route hears of its paths and keeps what a rule noted; the subject has the
// connections of both sides, each once.
func TestPathsOfARoute(t *testing.T) {
	got := judge(t, probe(everyRoute), relayed)
	if len(got.Findings) != 1 || got.Findings[0].Message != "2 of 2" {
		t.Fatalf("%d findings", len(got.Findings))
	}
	if s := got.Findings[0].Subject; s.Kind != analysis.OfPath || !slices.Equal(s.Connections, []uint64{1, 4}) ||
		s.Client.Addr().String() != "10.0.0.2" || s.Server.String() != "10.0.0.3:80" {
		t.Errorf("subject %+v", s)
	}
	if err := got.Verify(); err != nil {
		t.Error(err)
	}
}

// A gate that is shut for one leg is shut for the path; the other paths of the
// route are judged.
func TestGatesOfPaths(t *testing.T) {
	r := probe(everyRoute)
	r.Needs = analysis.NoGapBefore
	got := judge(t, r, strings.Replace(relayed, `"123456789"`+"\n", `"123456789" drop`+"\n", 1))
	if n := got.Summary.Skipped["tcp/probe"]["NoGapBefore"]; n == 0 {
		t.Errorf("skipped %v", got.Summary.Skipped)
	}
	if len(got.Findings) != 1 || got.Findings[0].Message != "1 of 2" {
		t.Errorf("%d findings; the capture lacks a part of the first path alone", len(got.Findings))
	}
}
