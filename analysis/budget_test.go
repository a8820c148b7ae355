package analysis_test

import (
	"testing"

	"connlint/analysis"
	"connlint/analysis/rules"
)

// Every packet of a whole connection is counted once, and so is every byte.
func TestBudget(t *testing.T) {
	engine, err := analysis.New(analysis.Config{}, rules.All(), discard{})
	if err != nil {
		t.Fatal(err)
	}
	const n = 20
	if _, err := analysis.Read(&shortConnections{n: n}, engine, analysis.Limits{}); err != nil {
		t.Fatal(err)
	}
	s := engine.Summary()
	p, y := s.Budget.Packets, s.Budget.Bytes
	if p.Handshake != 3*n || p.Teardown != 3*n || p.PureACK != 2*n || p.Data != 2*n || p.Retransmission != 0 || p.Total() != 10*n {
		t.Errorf("packets %+v", p)
	}
	if y.Header != n*(27+38) || y.Body != 2*n || y.Other() != 0 || y.Retransmission != 0 {
		t.Errorf("bytes %+v", y)
	}
	rows := s.TopPairs(5)
	if len(rows) != 1 {
		t.Fatalf("%d pairs", len(rows))
	}
	if r := rows[0]; r.Connections != n || r.Transactions != n || r.Reuse() != 0 || r.PeakOpens != n || r.PeakTimeWait != n || r.Time <= 0 {
		t.Errorf("the pair %+v", r)
	}
}
