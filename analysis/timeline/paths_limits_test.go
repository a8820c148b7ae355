package timeline

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"connlint/capture"
	"connlint/reassembly"
)

// TestLegsComeToAnEnd runs whatever captures there are: nothing is kept when
// all connections are over, and limits lose paths and never make any.
func TestLegsComeToAnEnd(t *testing.T) {
	files, _ := filepath.Glob("../../testdata/rules/*/*.trace")
	if dir := os.Getenv("CONNLINT_LAB"); dir != "" {
		more, _ := filepath.Glob(filepath.Join(dir, "07-*", "*.pcap"))
		files = append(files, more...)
	}
	for _, name := range files {
		segments := segmentsOf(t, name)
		var whole *walker
		for _, legs := range []int{8192, 3, 2, 1} {
			w := &walker{}
			facts := New(Config{Legs: legs}, w)
			conns := reassembly.New(reassembly.Config{Sniff: Sniff}, facts)
			for i := range segments {
				conns.Segment(&segments[i])
			}
			conns.Finish()
			facts.Finish()
			if ps := facts.paths; ps.first != nil || ps.last != nil || ps.legs != 0 || ps.bytes != 0 || len(ps.open) != 0 {
				t.Errorf("%s, %d legs: %d legs with %d bytes are left", name, legs, ps.legs, ps.bytes)
			}
			if whole == nil {
				whole = w
			}
			for _, p := range w.paths {
				if !slices.Contains(whole.paths, p) {
					t.Errorf("%s, %d legs: %q, else %q", name, legs, p, whole.paths)
				}
			}
		}
	}
}

// TestRandomPaths has clients, two proxies and a server do things in any order,
// under ever less room: the lists hold together, all comes to an end, and no
// path appears that there is not with enough room.
func TestRandomPaths(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		open := map[byte]bool{}
		var steps []string
		for range 60 {
			l := "acbde"[r.IntN(5)]
			switch {
			case !open[l]:
				steps = append(steps, string(l))
				open[l] = true
			case r.IntN(12) == 0:
				steps = append(steps, string(l)+"x")
				open[l] = false
			case r.IntN(2) == 0:
				steps = append(steps, fmt.Sprintf("%c?GET /%d HTTP/1.1|Host: h|X-Id: %d", l, r.IntN(2), r.IntN(3)))
			default:
				steps = append(steps, string(l)+"!")
			}
		}
		segments := parse(t, script(proxied, steps...))
		var whole []string
		for _, legs := range []int{8192, 4, 2, 1} {
			w := &walker{}
			facts := New(Config{Legs: legs}, w)
			conns := reassembly.New(reassembly.Config{Sniff: Sniff}, facts)
			for i := range segments {
				conns.Segment(&segments[i])
				holds(t, facts.paths)
			}
			conns.Finish()
			if facts.Finish(); facts.paths.legs != 0 || facts.paths.bytes != 0 || len(facts.paths.open) != 0 || len(facts.paths.gaps) != 0 {
				t.Fatalf("seed %d, %d legs: %d are left", seed, legs, facts.paths.legs)
			}
			if legs == 8192 {
				whole = joins(w.paths)
			}
			for _, p := range joins(w.paths) {
				if !slices.Contains(whole, p) {
					t.Errorf("seed %d, %d legs: %s, else %q", seed, legs, p, whole)
				}
			}
		}
	}
}

// joins are the paths that were joined, without what else was going on.
func joins(paths []string) []string {
	var all []string
	for _, p := range paths {
		for _, word := range []string{" ambiguous", " tied", " again", " alone"} {
			p = strings.Replace(p, word, "", 1)
		}
		all = append(all, p)
	}
	return all
}

// holds checks the lists against each other.
func holds(t *testing.T, ps *paths) {
	t.Helper()
	n, bytes, listed := 0, 0, 0
	for l := ps.first; l != nil; l = l.next {
		n++
		bytes += l.size
		if l.listed {
			listed++
		}
		if l.freed || l.down != nil && !slices.Contains(l.down.ups, l) {
			t.Fatalf("leg %d is freed or unknown to the one it carries on", l.Request.Number())
		}
	}
	for key, ch := range ps.open {
		if ch.first == nil {
			t.Fatal("an empty chain")
		}
		for l := ch.first; l != nil; l = l.below {
			listed--
			if l.key != key || !l.listed || l.over {
				t.Fatalf("leg %d is not open under its key", l.Request.Number())
			}
		}
	}
	if n != ps.legs || bytes != ps.bytes || listed != 0 {
		t.Fatalf("%d legs of %d, %d bytes of %d, %d listed nowhere", n, ps.legs, bytes, ps.bytes, listed)
	}
}

func segmentsOf(t *testing.T, name string) []capture.Segment {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Ext(name) == ".trace" {
		return parse(t, string(data))
	}
	r, err := capture.Open(name, nil)
	if err != nil {
		t.Fatal(err)
	}
	src := capture.NewFile(r, name, 0)
	defer src.Close()
	return drain(t, src)
}
