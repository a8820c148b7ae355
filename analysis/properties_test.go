package analysis_test

import (
	"errors"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"connlint/analysis"
	"connlint/analysis/rules"
	"connlint/analysis/ruletest"
	"connlint/analysis/timeline"
	"connlint/capture"
	"connlint/reassembly"
	"connlint/reassembly/http1"
)

// TestProperties holds what is true of any run against every capture there
// is. Verify does most of it: accounts add up, what is cited exists and is the
// subject's.
func TestProperties(t *testing.T) {
	for _, path := range captures(t) {
		t.Run(filepath.Base(filepath.Dir(path))+"/"+filepath.Base(path), func(t *testing.T) {
			times := timesOf(t, path)
			whole := run(t, path, analysis.Limits{}, nil)
			if err := whole.Verify(); err != nil {
				t.Error(err)
			}
			charges(t, whole)
			prefixes(t, path, whole)
			ticks(t, path, whole, times)
			limits(t, path, whole)
		})
	}
}

// captures are all files that the environment names, and those that lie in the
// repository.
func captures(t *testing.T) []string {
	t.Helper()
	patterns := []string{"../testdata/lab/*/*.pcap*"}
	if dir := os.Getenv("CONNLINT_LAB"); dir != "" {
		patterns = append(patterns, filepath.Join(dir, "*", "*.pcap*"))
	} else {
		t.Log("CONNLINT_LAB is not set: its captures are not run")
	}
	if dir := os.Getenv("CONNLINT_CAPTURES"); dir != "" {
		patterns = append(patterns, filepath.Join(dir, "*"))
	} else {
		t.Log("CONNLINT_CAPTURES is not set: its captures are not run")
	}
	var all []string
	for _, pattern := range patterns {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			if src, err := open(path); err == nil {
				src.Close()
				all = append(all, path)
			}
		}
	}
	if len(all) == 0 {
		t.Skip("no captures: set CONNLINT_LAB or CONNLINT_CAPTURES")
	}
	return sampled(all)
}

// open fails on what is no capture at all.
func open(path string) (capture.Source, error) {
	if info, err := os.Stat(path); err != nil || info.IsDir() {
		return nil, errors.New("no file")
	}
	r, err := capture.Open(path, nil)
	if err != nil {
		return nil, err
	}
	return capture.NewFile(r, path, 0), nil
}

// run reads a file, through a wrapper if there is one, with all rules. A
// damaged file gives what comes before the damage.
func run(t *testing.T, path string, limits analysis.Limits, wrap func(capture.Source) capture.Source) *ruletest.Result {
	t.Helper()
	src, err := open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	if wrap != nil {
		src = wrap(src)
	}
	res, err := ruletest.Run(ruletest.Options{Rules: rules.All(), Limits: limits}, src)
	if _, damaged := errors.AsType[*capture.Error](err); err != nil && !damaged {
		t.Fatal(err)
	}
	return res
}

// random is the same for a file each time.
func random(path string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(filepath.Base(filepath.Dir(path)) + "/" + filepath.Base(path)))
	return rand.New(rand.NewPCG(h.Sum64(), 0))
}

// charges holds what rules charge against the account: all rules that share
// causes together charge no more than these took.
func charges(t *testing.T, whole *ruletest.Result) {
	t.Helper()
	charged, took := map[timeline.Cause]int64{}, &whole.Summary.Spent.Time
	all := rules.All()
	lead := map[timeline.Cause]timeline.Cause{} // causes that one rule names belong together
	for _, r := range all {
		for _, c := range r.Causes {
			if _, ok := lead[c]; !ok {
				lead[c] = r.Causes[0]
			}
		}
	}
	for _, r := range all {
		if c := whole.Summary.Charged[r.Name]; c != nil {
			charged[lead[r.Causes[0]]] += c.Time
		}
	}
	for first, ns := range charged {
		var sum int64
		for c, l := range lead {
			if l == first {
				sum += took[c]
			}
		}
		if ns > sum {
			t.Errorf("%d ns are charged to the rules of %s, which took %d", ns, first, sum)
		}
	}
}

// prefixes cuts the capture at random packets: what is reported of the part
// cites nothing beyond it, since Verify knows only the packets that passed.
func prefixes(t *testing.T, path string, whole *ruletest.Result) {
	t.Helper()
	total := whole.Counts[0].Source.Packets
	if total < 2 {
		return
	}
	r := random(path)
	for range 3 {
		last := 1 + r.Uint64N(total-1)
		part := run(t, path, analysis.Limits{}, func(src capture.Source) capture.Source { return &prefix{src, last} })
		if err := part.Verify(); err != nil {
			t.Errorf("cut behind packet %d: %v", last, err)
		}
	}
}

// prefix ends a source behind packet number last.
type prefix struct {
	capture.Source
	last uint64
}

func (p *prefix) Next() (*capture.Packet, error) {
	packet, err := p.Source.Next()
	if err == nil && packet.Segment.Number() > p.last {
		return nil, io.EOF
	}
	return packet, err
}

// ticks moves the clock between packets as a live source does: results come
// sooner, and are the same.
func ticks(t *testing.T, path string, whole *ruletest.Result, times []int64) {
	t.Helper()
	for _, every := range [...]int64{0, 100e6, 10e9} {
		ticked := run(t, path, analysis.Limits{}, func(src capture.Source) capture.Source {
			return &ticker{Source: src, earliest: times, random: random(path), every: every}
		})
		alike(t, whole.Records(), ticked.Records(), "ticks")
	}
}

// alike holds the records of two runs against each other; with is what the
// second one had.
func alike(t *testing.T, a, b []string, with string) {
	t.Helper()
	if slices.Equal(a, b) {
		return
	}
	t.Errorf("%d records, with %s %d", len(a), with, len(b))
	shown := 0
	for i := 0; i < min(len(a), len(b)) && shown < 2; i++ {
		if a[i] != b[i] {
			from, to := differ(a[i], b[i])
			t.Errorf("without %s %s\nwith %s    %s", with, from, with, to)
			shown++
		}
	}
}

// differ shows two records from shortly before their first difference.
func differ(a, b string) (string, string) {
	at := 0
	for at < min(len(a), len(b)) && a[at] == b[at] {
		at++
	}
	clip := func(s string) string {
		head, _, _ := strings.Cut(s, ":")
		return head + " … " + s[min(len(s), max(0, at-60)):min(len(s), at+60)]
	}
	return clip(a), clip(b)
}

// timesOf is, for each segment, the earliest capture time from it on: packets
// may lie out of order in a file, and a tick promises that none older comes.
func timesOf(t *testing.T, path string) []int64 {
	t.Helper()
	src, err := open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	var times []int64
	for {
		p, err := src.Next()
		if err != nil {
			break
		}
		times = append(times, p.Segment.Time)
	}
	for i := len(times) - 2; i >= 0; i-- {
		times[i] = min(times[i], times[i+1])
	}
	return times
}

// ticker is a source that is idle now and then.
type ticker struct {
	capture.Source
	earliest []int64
	random   *rand.Rand
	next     int // index of the segment that comes next
	now      int64
	every    int64 // ns: this often; 0: as chance has it
}

func (s *ticker) Next() (*capture.Packet, error) {
	if s.next < len(s.earliest) && s.next > 0 && (s.every > 0 || s.random.IntN(3) > 0) {
		s.now = max(s.now, s.earliest[s.next-1])
		if s.every > 0 {
			// Where a capture's clock leaps by years there are a thousand ticks.
			gap := s.earliest[s.next] - s.now
			if step := max(s.every, gap/1000); step <= gap {
				s.now += step
				return nil, capture.Idle{Now: s.now}
			}
			s.next++
			return s.Source.Next()
		}
		if gap := s.earliest[s.next] - s.now; gap > 0 {
			s.now += s.random.Int64N(gap + 1)
		}
		return nil, capture.Idle{Now: s.now}
	}
	s.next++
	return s.Source.Next()
}

// limits starves the program: it may see less, and must not say worse.
func limits(t *testing.T, path string, whole *ruletest.Result) {
	t.Helper()
	for name, l := range map[string]analysis.Limits{
		"a hundredth": {
			Connections: reassembly.Config{Connections: 1 << 20 / 100, Remembered: 1 << 16 / 100,
				BufferedFlow: 8 << 20 / 100, Buffered: 256 << 20 / 100, Unacknowledged: 1 << 20 / 100},
			Timeline: timeline.Config{Pairs: 65536 / 100, Senders: 65536 / 100, Hosts: 4096 / 100, Legs: 8192 / 100, HTTP: http1.Limits{Head: 64 << 10 / 100, Fields: 10,
				Interim: 2, Outstanding: 10, Held: 4 << 20 / 100, ChunkLine: 4 << 10 / 100}},
		},
		"next to nothing": {
			Connections: reassembly.Config{Connections: 3, Remembered: 1, BufferedFlow: 1, Buffered: 1, Unacknowledged: 1},
			Timeline: timeline.Config{Pairs: 1, Senders: 1, Hosts: 1, Legs: 1, HTTP: http1.Limits{Head: 64, Fields: 1,
				Interim: 1, Outstanding: 1, Held: 64, ChunkLine: 8}},
		},
	} {
		starved := run(t, path, l, nil)
		if err := starved.Verify(); err != nil {
			t.Errorf("limits %s: %v", name, err)
		}
		if starved.Worst() > whole.Worst() {
			t.Errorf("limits %s: %s, without %s; %s", name, starved.Worst(), whole.Worst(), messages(starved, starved.Worst()))
		}
	}
}

func messages(r *ruletest.Result, least analysis.Severity) string {
	var all []string
	for _, f := range r.Findings {
		if f.Severity >= least {
			all = append(all, f.Rule.Name+": "+f.Message)
		}
	}
	return strings.Join(all[:min(len(all), 3)], "; ")
}
