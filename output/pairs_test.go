package output

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/capture"
	"connlint/reassembly"
)

// pairsOf are the totals of a run that had these pairs.
func pairsOf(pairs ...*timeline.Pair) *Totals {
	engine, err := analysis.New(analysis.Config{}, nil, newText(io.Discard))
	if err != nil {
		panic(err)
	}
	for _, p := range pairs {
		engine.Pair(p)
	}
	a := engine.Summary()
	a.Connections = 1
	a.Budget.Packets = timeline.Packets{Handshake: 30, Teardown: 30, PureACK: 20, Data: 19, Retransmission: 1}
	a.Budget.ACKs = timeline.ACKs{All: 40, Bare: 30, Timed: 10}
	a.Budget.Bytes = analysis.Bytes{Sent: 900, Header: 600, Body: 200, Retransmission: 100}
	return &Totals{Analysis: a, Sources: make([]Source, 1)}
}

func pair(client string, connections, transactions int) *timeline.Pair {
	return &timeline.Pair{Client: endpoint(client + ":0"), Server: endpoint("10.0.0.2:80"), Connections: connections, Transactions: transactions, PeakBusy: 3}
}

// Pairs that use their connections again are not worth a line, nor are those
// of a few connections.
func TestTextShowsPairs(t *testing.T) {
	text := func(pairs ...*timeline.Pair) string {
		var b bytes.Buffer
		w := newWriter(t, "text", &b)
		w.Begin(&Run{Sources: []string{"a"}})
		if err := w.End(pairsOf(pairs...)); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	got := text(pair("10.0.0.1", 4000, 4000), pair("10.0.0.3", 100, 1000), pair("10.0.0.4", 5, 5))
	for _, want := range []string{"\n        4,000    4,000    0 %         3", "10.0.0.1 > 10.0.0.2:80\n",
		"Packets: handshake 30 %, teardown 30 %, pure ACK 20 %, data 19 %, repeated 1 %\n  ACKs: without data 75 %, by timer 25 %; bytes: header 60 %, body 20 %\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "10.0.0.3") || strings.Contains(got, "10.0.0.4") {
		t.Errorf("a pair without fault is shown:\n%s", got)
	}
	if got := text(pair("10.0.0.3", 100, 1000)); strings.Contains(got, "Pairs") {
		t.Errorf("nothing is worth showing, and it shows\n%s", got)
	}
}

// The record has the pairs with most connections first, at most 20 of them, and
// parts of the budget that do not overlap.
func TestSummaryHasPairs(t *testing.T) {
	var pairs []*timeline.Pair
	for i := range 3000 {
		p := pair("10.0.0.1", i+1, 2*i+2)
		p.Client = capture.Endpoint4([]byte{10, 1, byte(i >> 8), byte(i)}, 0)
		pairs = append(pairs, p)
	}
	var b bytes.Buffer
	w := newWriter(t, "jsonl", &b)
	w.Begin(&Run{Sources: []string{"a"}})
	if err := w.End(pairsOf(pairs...)); err != nil {
		t.Fatal(err)
	}
	var summary struct {
		Budget struct{ Bytes map[string]uint64 }
		Pairs  []struct {
			Client      string
			Connections int
			Reuse       float64
		} `json:"pair_table"`
	}
	lines := bytes.Split(bytes.TrimSpace(b.Bytes()), []byte("\n"))
	if err := json.Unmarshal(lines[len(lines)-1], &summary); err != nil {
		t.Fatal(err)
	}
	if len(summary.Pairs) != maxPairs || summary.Pairs[0].Connections != 3000 || summary.Pairs[1].Connections != 2999 || summary.Pairs[0].Reuse != 0.5 {
		t.Errorf("pairs %+v", summary.Pairs)
	}
	if y := summary.Budget.Bytes; y["header"] != 600 || y["body"] != 200 || y["other"] != 100 || y["retransmission"] != 100 {
		t.Errorf("bytes %v", y)
	}
}

// Who closes idle connections, and after how long, stands below the pair and in
// its record; closes right behind a response do not make a line.
func TestIdleClosesAreShown(t *testing.T) {
	var closes analysis.IdleCloses
	if got := idleClosesLine(&closes); got != "" {
		t.Errorf("nothing was closed, and it shows %q", got)
	}
	closes[reassembly.Server][0], closes[reassembly.Server][3], closes[reassembly.Client][7] = 7, 1200, 2
	if got, want := idleClosesLine(&closes), "closed while idle, by the client after 60 s: 2, by the server after 5 s: 1,200"; got != want {
		t.Errorf("line %q, want %q", got, want)
	}
	e := encoder{buf: []byte{'['}}
	e.object("")
	e.idleCloses(&closes)
	want := `[{"idle_closes":[{"by":"client","after_s":60,"count":2},{"by":"server","after_s":0,"count":7},{"by":"server","after_s":5,"count":1200}]`
	if got := string(e.buf); got != want {
		t.Errorf("record %s, want %s", got, want)
	}
}
