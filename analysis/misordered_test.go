package analysis_test

import (
	"cmp"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"connlint/analysis/ruletest"
	"connlint/capture"
	"connlint/reassembly"
)

// Two taps, one for each direction, whose clocks differ by 0.3 ms, joined by
// stamps: answers stand before their questions, and the ACK numbers put every
// exchange together as in the capture that was not spoilt.
func TestMisordered(t *testing.T) {
	dir := os.Getenv("CONNLINT_LAB")
	if dir == "" {
		t.Skip("CONNLINT_LAB does not name the lab's captures")
	}
	for _, name := range []string{"01-keepalive-clean-lan/server.pcap", "01-keepalive-clean-wan/server.pcap", "13-mixed/server.pcap.gz"} {
		whole := segmentsOf(t, filepath.Join(dir, name), 0)
		late := lateClients(3e5)(slices.Clone(whole))
		must := answeredAtOnce(late)
		if len(must) == 0 {
			t.Fatalf("%s: no answer stands before its question", name)
		}
		res := play(t, late)
		if err := res.Verify(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got, want := exchangesOf(res), exchangesOf(play(t, whole)); !maps.Equal(got, want) {
			t.Errorf("%s: %d exchanges of %d, or others", name, len(got), len(want))
		}
		for _, c := range res.Connections {
			if c.Caveats&reassembly.CaptureDrops != 0 {
				t.Errorf("%s: %v with %v: nothing is missing", name, c.Ends[0], c.Ends[1])
			}
			if c.Caveats&reassembly.Misordered != 0 {
				delete(must, endsOf(c.Ends[0], c.Ends[1]))
			}
		}
		for k := range must {
			t.Errorf("%s: %v with %v has no caveat", name, k[0], k[1])
		}
	}
}

// exchangesOf are the sizes of requests and of what they were answered.
func exchangesOf(r *ruletest.Result) map[[2]uint64]int {
	n := map[[2]uint64]int{}
	for _, tx := range r.Transactions {
		if !tx.Request.IsZero() && !tx.Response.IsZero() {
			n[[2]uint64{tx.RequestBytes, tx.ResponseBytes}]++
		}
	}
	return n
}

// lateClients shifts what clients sent and puts the packets in order again.
func lateClients(ns int64) func([]capture.Segment) []capture.Segment {
	return func(l []capture.Segment) []capture.Segment {
		by := clients(l)
		for i := range l {
			if by[endsOf(l[i].Src, l[i].Dst)] == l[i].Src {
				l[i].Time += ns
			}
		}
		slices.SortStableFunc(l, func(a, b capture.Segment) int { return cmp.Compare(a.Time, b.Time) })
		for i := range l {
			l[i].Frame = capture.NewFrame(0, uint64(i+1), l[i].Time)
		}
		return l
	}
}

// answeredAtOnce are the connections in which, of the packets of both sides, a
// client's payload now comes right behind one of its server's that acknowledges it.
func answeredAtOnce(spoilt []capture.Segment) map[ends]bool {
	must := map[ends]bool{}
	before := map[ends]*capture.Segment{}
	by := clients(spoilt)
	for i := range spoilt {
		s := &spoilt[i]
		k := endsOf(s.Src, s.Dst)
		p := before[k]
		if p != nil && p.Src != s.Src && by[k] == s.Src && p.Len > 0 && s.Len > 0 && p.Flags&capture.SYN == 0 && p.Ack == s.End() {
			must[k] = true
		}
		before[k] = s
	}
	return must
}
