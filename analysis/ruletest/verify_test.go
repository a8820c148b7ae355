package ruletest

import (
	"fmt"
	"testing"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/capture"
)

// result runs the exchange with rules.
func result(t *testing.T, rules ...*analysis.Rule) *Result {
	t.Helper()
	c, err := NewCase("x.trace", fmt.Appendf(nil, exchange, "", "", ""), rules)
	if err != nil {
		t.Fatal(err)
	}
	res, err := c.run(analysis.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func TestRun(t *testing.T) {
	res := result(t, slow())
	if len(res.Findings) != 2 || len(res.Connections) != 1 || len(res.Transactions) != 2 || res.Summary.Transactions != 2 {
		t.Errorf("%d findings, %d connections, %d transactions, %d in the summary",
			len(res.Findings), len(res.Connections), len(res.Transactions), res.Summary.Transactions)
	}
	if err := res.Verify(); err != nil {
		t.Error(err)
	}
	if res.Worst() != analysis.Warning {
		t.Errorf("worst is %s", res.Worst())
	}
	a, b := res.Records(), result(t, slow()).Records()
	if len(a) != 5 || fmt.Sprint(a) != fmt.Sprint(b) {
		t.Errorf("two runs differ, or not 5 records: %d and %d", len(a), len(b))
	}
}

// TestVerifyFails breaks what Verify looks at, one thing at a time.
func TestVerifyFails(t *testing.T) {
	for _, x := range []struct {
		words  string
		damage func(*Result)
	}{
		{"index follows", func(r *Result) { r.Transactions[1].Index = 3 }},
		{"follows", func(r *Result) { r.Transactions[0].Spans[0].From++ }},
		{"before its end", func(r *Result) { r.Transactions[0].End.Time++ }},
		{"spans say", func(r *Result) { r.Transactions[0].Time[timeline.Response]++ }},
		{"its request, packet 99", func(r *Result) { r.Transactions[0].Request = capture.NewFrame(0, 99, 0) }},
		{"its start, packet 0", func(r *Result) {
			x := &r.Transactions[0]
			x.Start, x.Spans, x.Time = capture.Frame{}, []timeline.Span{{Cause: timeline.Response, To: x.End.Time}}, timeline.Account{timeline.Response: x.End.Time}
		}},
		{"no record of its connection", func(r *Result) { r.Connections = nil }},
		{"0 packets cited", func(r *Result) { r.Findings[0].Evidence.Frames = nil }},
		{"packet 99 (response) is not in the capture", func(r *Result) { r.Findings[0].Evidence.Frames[0].Frame = capture.NewFrame(0, 99, 0) }},
		{"is not in the capture at that time", func(r *Result) { r.Findings[0].Evidence.Frames[0].Frame.Time++ }},
		{"is not the subject's", func(r *Result) {
			r.Connections = append(r.Connections, Connection{Ends: r.Connections[0].Ends, First: capture.NewFrame(0, 3, 0)})
		}},
		{"is no connection", func(r *Result) { r.Findings[0].Subject.Connections[0] = 2 }},
		{"confidence 2", func(r *Result) { r.Findings[0].Confidence = 2 }},
		{"without a reason", func(r *Result) { r.Findings[0].Confidence = 0.5 }},
		{"count 0", func(r *Result) { r.Findings[0].Count = 0 }},
		{"no line", func(r *Result) { r.Findings[0].Message = "a\nb" }},
		{"before it starts", func(r *Result) { r.Findings[0].Subject.From = r.Findings[0].Subject.To + 1 }},
		{"below zero", func(r *Result) { r.Findings[0].Saved.Time = -1 }},
		{"has no role", func(r *Result) { r.Findings[0].Evidence.Frames[0].Role = "" }},
	} {
		res := result(t, slow())
		x.damage(res)
		t.Run(x.words, func(t *testing.T) { complain(t, res.Verify(), x.words) })
	}
}

// TestPairSubjects: a finding about a pair may cite connections that it does
// not name, but none of another pair.
func TestPairSubjects(t *testing.T) {
	res := result(t, slow())
	f := res.Findings[0]
	c := &res.Connections[0]
	f.Subject = analysis.Subject{Kind: analysis.OfPair, Client: c.Ends[0].Host(), Server: c.Ends[1]}
	if err := res.Verify(); err != nil {
		t.Error(err)
	}
	f.Subject.Server = c.Ends[0]
	complain(t, res.Verify(), "is not the subject's")
	f.Subject = analysis.Subject{Kind: analysis.OfPath, Client: c.Ends[0].Host(), Server: c.Ends[1]}
	if err := res.Verify(); err != nil {
		t.Error(err)
	}
	f.Subject = analysis.Subject{Kind: analysis.OfHost, Client: c.Ends[1].Host()}
	if err := res.Verify(); err != nil {
		t.Error(err)
	}
}
