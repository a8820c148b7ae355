package analysis_test

import (
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"connlint/analysis"
	"connlint/analysis/rules"
	"connlint/analysis/ruletest"
	"connlint/capture"
	"connlint/reassembly"

	"github.com/google/gopacket"
)

// spoil is one way in which a capture can be worse than what it was taken of.
type spoil struct {
	name   string
	caveat reassembly.Caveats
	// snap cuts frames to so many bytes, 0: none; packets spoils the segments,
	// nil: none. touched reports the connections that must have the caveat.
	// part: what is taken out is a part of a rotated capture that cannot be read.
	snap    int
	part    bool
	packets func([]capture.Segment) []capture.Segment
	touched func(whole, spoilt []capture.Segment) map[ends]bool
}

// ends name a connection whichever way its packets go.
type ends [2]capture.Endpoint

func endsOf(a, b capture.Endpoint) ends {
	if a.Compare(b) > 0 {
		a, b = b, a
	}
	return ends{a, b}
}

// TestSpoilt spoils the lab's captures in the ways that captures are spoilt by
// those who take them. A fault of the capture is no fault of the traffic: no
// rule may say of a connection what it does not say of the same one unspoilt,
// accounts still add up, and the connections that it touches say so.
func TestSpoilt(t *testing.T) {
	dir := os.Getenv("CONNLINT_LAB")
	if dir == "" {
		t.Skip("CONNLINT_LAB does not name the lab's captures")
	}
	paths, err := filepath.Glob(filepath.Join(dir, "*", "*.pcap*"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no captures in %s: %v", dir, err)
	}
	for _, path := range sampled(paths) {
		whole := segmentsOf(t, path, 0)
		truth := play(t, whole)
		said := verdicts(truth)
		name := filepath.Base(filepath.Dir(path)) + "/" + filepath.Base(path)
		for _, s := range spoils() {
			t.Run(name+"/"+s.name, func(t *testing.T) { s.check(t, path, whole, said) })
		}
	}
}

func (s *spoil) check(t *testing.T, path string, whole []capture.Segment, said map[string]bool) {
	spoilt := whole
	if s.snap > 0 {
		spoilt = segmentsOf(t, path, s.snap)
	}
	if s.packets != nil {
		spoilt = s.packets(slices.Clone(whole))
	}
	hole := -1
	for i := 0; s.part && hole < 0 && i < len(spoilt); i++ {
		if spoilt[i].Number() != whole[i].Number() {
			hole = len(spoilt) - i
		}
	}
	res := playWith(t, spoilt, hole)
	if err := res.Verify(); err != nil {
		t.Error(err)
	}
	for _, f := range res.Findings {
		if k := verdict(f); !said[k] && !s.untold(f) {
			t.Errorf("%s: %s (packet %d)", k, f.Message, f.Evidence.Frames[0].Frame.Number())
		}
	}
	if s.touched == nil {
		return
	}
	must := s.touched(whole, spoilt)
	for _, c := range res.Connections {
		if k := endsOf(c.Ends[0], c.Ends[1]); c.Caveats&s.caveat != 0 {
			delete(must, k)
		}
	}
	for k := range must {
		t.Errorf("%v with %v has no caveat %v", k[0], k[1], s.caveat.Names())
	}
}

// untold is a note that is true of the packets, but that the whole capture has
// another rule say of the proxy before them. Which requests are the same on
// both of its sides is told by time, where both are there.
func (s *spoil) untold(f *analysis.Finding) bool {
	return (s.caveat == reassembly.CoarseClock || s.part) && f.Rule.Name == "keepalive/params-without-token" && f.Severity == analysis.Note
}

// verdict is what a finding says of whom: the rule, and the two ends.
func verdict(f *analysis.Finding) string {
	return fmt.Sprintf("%s on %v with %v", f.Rule.Name, f.Subject.Client, f.Subject.Server)
}

func verdicts(r *ruletest.Result) map[string]bool {
	said := map[string]bool{}
	for _, f := range r.Findings {
		said[verdict(f)] = true
	}
	return said
}

// segmentsOf are the segments of a capture, frames cut to snap bytes unless
// that is 0.
func segmentsOf(t *testing.T, path string, snap int) []capture.Segment {
	t.Helper()
	r, err := capture.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	src := capture.NewFile(&cutter{r, snap}, path, 0)
	defer src.Close()
	return drainSource(t, src)
}

// cutter is a reader with a snap length.
type cutter struct {
	capture.ReadCloser
	snap int
}

func (c *cutter) ZeroCopyReadPacketData() ([]byte, gopacket.CaptureInfo, error) {
	data, ci, err := c.ReadCloser.ZeroCopyReadPacketData()
	if c.snap > 0 && len(data) > c.snap {
		data, ci.CaptureLength = data[:c.snap], c.snap
	}
	return data, ci, err
}

// player is a source of segments that lie in memory.
type player struct {
	left   []capture.Segment
	hole   int // how many are left behind a hole that the source knows of; -1: there is none
	packet capture.Packet
	stats  capture.Stats
}

func (p *player) Next() (*capture.Packet, error) {
	switch len(p.left) {
	case 0:
		return nil, io.EOF
	case p.hole:
		p.hole = -1
		return nil, capture.Hole{}
	}
	p.packet = capture.Packet{Kind: capture.TCP, Segment: p.left[0]}
	p.left = p.left[1:]
	p.stats.Packets++
	p.stats.Segments++
	return &p.packet, nil
}

func (p *player) Stats() capture.Stats { return p.stats }
func (p *player) Close() error         { return nil }

func play(t *testing.T, segments []capture.Segment) *ruletest.Result {
	t.Helper()
	return playWith(t, segments, -1)
}

func playWith(t *testing.T, segments []capture.Segment, hole int) *ruletest.Result {
	t.Helper()
	res, err := ruletest.Run(ruletest.Options{Rules: rules.All()}, &player{left: segments, hole: hole})
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func spoils() []spoil {
	all := []spoil{
		{name: "every 50th packet lost", caveat: reassembly.CaptureDrops, packets: everyNth(50), touched: acknowledgedUnseen},
		{name: "clock back 2 s", caveat: reassembly.ClockSteps, packets: shift(-2e9), touched: astride},
		{name: "clock forward 30 s", caveat: reassembly.ClockSteps, packets: shift(30e9), touched: timed},
		{name: "ticks of 10 ms", caveat: reassembly.CoarseClock, packets: tick(10e6), touched: coarsely(10e6)},
		{name: "ticks of 15.6 ms", caveat: reassembly.CoarseClock, packets: tick(15625e3), touched: coarsely(15625e3)},
		{name: "head cut", caveat: reassembly.MidConnection, packets: func(l []capture.Segment) []capture.Segment { return l[len(l)/3:] }, touched: started},
		{name: "tail cut", packets: func(l []capture.Segment) []capture.Segment { return l[:len(l)*2/3] }},
		{name: "client only", caveat: reassembly.OneDirection, packets: oneSide(true), touched: deaf},
		{name: "server only", caveat: reassembly.OneDirection, packets: oneSide(false), touched: deaf},
		{name: "coalesced", caveat: reassembly.SuperSegments, packets: coalesce, touched: joinedUp},
	}
	for n := 1; n <= 5; n++ {
		all = append(all, spoil{name: fmt.Sprintf("part %d of 7 lost", n+1), part: true, packets: partLost(n)})
	}
	for _, n := range []int{60, 96, 200} {
		all = append(all, spoil{name: fmt.Sprintf("snap length %d", n), caveat: reassembly.SnaplenCut, snap: n, touched: cut})
	}
	return all
}

// partLost takes out what a file of a rotated capture has.
func partLost(n int) func([]capture.Segment) []capture.Segment {
	return func(l []capture.Segment) []capture.Segment {
		return append(slices.Clone(l[:len(l)*n/7]), l[len(l)*(n+1)/7:]...)
	}
}

// everyNth takes packets out.
func everyNth(n int) func([]capture.Segment) []capture.Segment {
	return func(l []capture.Segment) []capture.Segment {
		var kept []capture.Segment
		for i := range l {
			if (i+1)%n != 0 {
				kept = append(kept, l[i])
			}
		}
		return kept
	}
}

// shift sets the clock in the middle; back at the first packet there that comes
// before the one that it follows for it, since a step that hides in a silence
// between two connections leaves nothing to see.
func shift(ns int64) func([]capture.Segment) []capture.Segment {
	return func(l []capture.Segment) []capture.Segment {
		at := len(l) / 2
		for ns < 0 && at < len(l) && at > 0 && l[at].Time+ns >= l[at-1].Time {
			at++
		}
		for i := at; i < len(l); i++ {
			l[i].Time += ns
		}
		return l
	}
}

// tick rounds stamps down. Of four ticks or fewer nobody can tell how fine the
// clock is: such captures are left alone.
func tick(ns int64) func([]capture.Segment) []capture.Segment {
	return func(l []capture.Segment) []capture.Segment {
		ticks := map[int64]bool{}
		for i := range l {
			ticks[l[i].Time/ns] = true
		}
		for i := range l {
			if len(ticks) > 4 {
				l[i].Time -= l[i].Time % ns
			}
		}
		return l
	}
}

// coarsely are the connections with a packet behind the fifth tick; and no
// connection of a capture that was left alone.
func coarsely(ns int64) func(_, spoilt []capture.Segment) map[ends]bool {
	return func(_, spoilt []capture.Segment) map[ends]bool {
		must, ticks := map[ends]bool{}, map[int64]bool{}
		for i := range spoilt {
			s := &spoilt[i]
			if s.Time%ns != 0 {
				return nil
			}
			if ticks[s.Time] = true; len(ticks) > 4 {
				must[endsOf(s.Src, s.Dst)] = true
			}
		}
		return must
	}
}

// astride are the connections with packets on both sides of a step back, and
// not over before it.
func astride(whole, spoilt []capture.Segment) map[ends]bool {
	must, lives := map[ends]bool{}, map[ends]*life{}
	for i := range spoilt {
		s := &spoilt[i]
		k := endsOf(s.Src, s.Dst)
		if lives[k] == nil || s.Flags&(capture.SYN|capture.ACK) == capture.SYN && s.Seq != lives[k].isn {
			lives[k] = &life{isn: s.Seq}
		}
		l := lives[k]
		if whole[i].Time != s.Time {
			must[k] = l.packets > 0 && !l.over()
			continue
		}
		l.see(s)
	}
	return without(must)
}

// timed are those of them in which both hosts tell by their timestamps that the
// clock was set forward: each did once before the step, and twice behind it,
// long enough apart to show how fast its clock runs. A SYN-ACK does not count.
func timed(whole, spoilt []capture.Segment) map[ends]bool {
	must := astride(whole, spoilt)
	told := map[ends]*[2][3]int64{} // by sender: stamps before, first and last time behind
	for i := range spoilt {
		s := &spoilt[i]
		k := endsOf(s.Src, s.Dst)
		if !must[k] || !s.Options.Has(capture.OptTimestamps) || s.Flags.Has(capture.SYN|capture.ACK) {
			continue
		}
		if told[k] == nil {
			told[k] = new([2][3]int64)
		}
		t := &told[k][0]
		if s.Src == k[1] {
			t = &told[k][1]
		}
		switch {
		case whole[i].Time == s.Time:
			t[0]++
		case t[1] == 0:
			t[1] = s.Time
		default:
			t[2] = s.Time
		}
	}
	for k := range must {
		for side := range 2 {
			if t := told[k]; t == nil || t[side][0] == 0 || t[side][2]-t[side][1] < 60e6 {
				must[k] = false
			}
		}
	}
	return without(must)
}

// life is how far a connection had come when the clock was set.
type life struct {
	isn     capture.Seq
	packets int
	fin     map[capture.Endpoint]bool
	rst     bool
}

func (l *life) see(s *capture.Segment) {
	l.packets++
	l.rst = l.rst || s.Flags&capture.RST != 0
	if s.Flags&capture.FIN != 0 {
		if l.fin == nil {
			l.fin = map[capture.Endpoint]bool{}
		}
		l.fin[s.Src] = true
	}
}

func (l *life) over() bool { return l.rst || len(l.fin) == 2 }

// without is the set without what is not in it.
func without(set map[ends]bool) map[ends]bool {
	maps.DeleteFunc(set, func(_ ends, in bool) bool { return !in })
	return set
}

// clients are the ends with the higher port, by connection: in the lab the
// client's.
func clients(l []capture.Segment) map[ends]capture.Endpoint {
	by := map[ends]capture.Endpoint{}
	for i := range l {
		if s := &l[i]; s.Src.Port() > s.Dst.Port() {
			by[endsOf(s.Src, s.Dst)] = s.Src
		}
	}
	return by
}

func oneSide(client bool) func([]capture.Segment) []capture.Segment {
	return func(l []capture.Segment) []capture.Segment {
		by := clients(l)
		return slices.DeleteFunc(l, func(s capture.Segment) bool {
			return (by[endsOf(s.Src, s.Dst)] == s.Src) != client
		})
	}
}

// coalesce joins segments of one side that follow each other within a
// millisecond, as a host does that takes them together (GRO).
func coalesce(l []capture.Segment) []capture.Segment {
	latest := map[ends]int{} // in the result
	var out []capture.Segment
	for i := range l {
		s := l[i]
		k := endsOf(s.Src, s.Dst)
		at, ok := latest[k]
		if ok && joins(&out[at], &s) {
			p := &out[at]
			p.Payload = append(slices.Clone(p.Payload), s.Payload...)
			p.Len += s.Len
			p.Ack, p.Flags, p.Window = s.Ack, p.Flags|s.Flags, s.Window
			continue
		}
		latest[k] = len(out)
		out = append(out, s)
	}
	return out
}

func joins(p, s *capture.Segment) bool {
	return p.Src == s.Src && p.Len > 0 && s.Len > 0 && p.End() == s.Seq && s.Ack == p.Ack && p.Flags&(capture.SYN|capture.FIN|capture.PSH) == 0 &&
		len(p.Payload) == p.Len && s.Time-p.Time < 1e6 && p.Len+s.Len < 60000
}

// started are the connections of which packets were left after their first.
func started(whole, spoilt []capture.Segment) map[ends]bool {
	must := map[ends]bool{}
	first := map[ends]bool{}
	for i := range spoilt {
		s := &spoilt[i]
		k := endsOf(s.Src, s.Dst)
		if !first[k] {
			first[k] = true
			must[k] = s.Flags&capture.SYN == 0 && s.Flags&capture.RST == 0
		}
	}
	return without(must)
}

// deaf are the connections with payload whose peer is gone.
func deaf(whole, spoilt []capture.Segment) map[ends]bool {
	must := map[ends]bool{}
	seen := map[ends]map[capture.Endpoint]bool{}
	for i := range whole {
		k := endsOf(whole[i].Src, whole[i].Dst)
		if seen[k] == nil {
			seen[k] = map[capture.Endpoint]bool{}
		}
		seen[k][whole[i].Src] = true
	}
	for i := range spoilt {
		if s := &spoilt[i]; s.Len > 0 && len(seen[endsOf(s.Src, s.Dst)]) == 2 {
			must[endsOf(s.Src, s.Dst)] = true
		}
	}
	return must
}

// cut are the connections with payload that is not whole.
func cut(_, spoilt []capture.Segment) map[ends]bool {
	must := map[ends]bool{}
	for i := range spoilt {
		if s := &spoilt[i]; len(s.Payload) < s.Len {
			must[endsOf(s.Src, s.Dst)] = true
		}
	}
	return must
}

// joinedUp are the connections with segments above any MSS of the lab.
func joinedUp(_, spoilt []capture.Segment) map[ends]bool {
	must, opened := map[ends]bool{}, map[ends]int{}
	for i := range spoilt {
		s := &spoilt[i]
		k := endsOf(s.Src, s.Dst)
		if s.Flags&capture.SYN != 0 && s.Options.MSS <= 1460 && s.Options.MSS > 0 {
			opened[k]++
		}
		if s.Len > 1460 && opened[k] > 1 {
			must[k] = true
		}
	}
	return must
}

// acknowledgedUnseen are the connections in which an ACK covers bytes that no
// packet of the spoilt capture has.
func acknowledgedUnseen(whole, spoilt []capture.Segment) map[ends]bool {
	type dir struct{ from, to capture.Endpoint }
	have := map[uint64]bool{}
	for i := range spoilt {
		have[spoilt[i].Number()] = true
	}
	must := map[ends]bool{}
	for i := range whole {
		s := &whole[i]
		if have[s.Number()] || s.Len == 0 {
			continue
		}
		again, acked := false, false
		for j := range spoilt {
			o := &spoilt[j]
			if (dir{o.Src, o.Dst}) == (dir{s.Src, s.Dst}) && o.Len > 0 && o.Seq.Before(s.End()) && o.End().After(s.Seq) {
				again = true
				break
			}
			if (dir{o.Dst, o.Src}) == (dir{s.Src, s.Dst}) && o.Number() > s.Number() && o.Flags&capture.ACK != 0 && o.Flags&capture.RST == 0 && !o.Ack.Before(s.End()) {
				acked = true
			}
		}
		if acked && !again {
			must[endsOf(s.Src, s.Dst)] = true
		}
	}
	return must
}
