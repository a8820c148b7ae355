package rules

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"connlint/analysis"
	"connlint/analysis/ruletest"
)

func ruleCalled(name string) *analysis.Rule {
	for _, r := range All() {
		if r.Name == name {
			return r
		}
	}
	return nil
}

// roots are all rules that a rule may be told with.
func roots(t *testing.T, r *analysis.Rule, under []string) []string {
	var all []string
	for _, name := range r.PartOf {
		root := ruleCalled(name)
		switch {
		case root == nil:
			t.Errorf("%s is part of %s, and there is no such rule", r.Name, name)
			continue
		case slices.Contains(under, name):
			t.Errorf("%s is part of itself, by way of %s", name, strings.Join(under, ", "))
			continue
		}
		all = append(append(all, name), roots(t, root, append(under, name))...)
	}
	return all
}

// TestFamilies: what a rule is part of is there, and is no part of it.
func TestFamilies(t *testing.T) {
	for _, r := range All() {
		roots(t, r, []string{r.Name})
	}
}

// TestFamiliesPromiseOnce: findings that a report tells together do not promise
// to save the same connection's time twice.
func TestFamiliesPromiseOnce(t *testing.T) {
	lab := os.Getenv("CONNLINT_LAB")
	if lab == "" {
		t.Skip("CONNLINT_LAB is not set")
	}
	files, err := filepath.Glob(filepath.Join(lab, "0[25789]-*", "client.pcap*"))
	if err != nil || len(files) == 0 {
		t.Fatal(err, "no captures")
	}
	family := map[string][]string{}
	for _, r := range All() {
		family[r.Name] = roots(t, r, []string{r.Name})
	}
	promised, together := 0, 0
	for _, file := range files {
		for _, pair := range familiar(findings(t, file), family) {
			together++
			if pair[0].Saved.Time > 0 {
				promised++
			}
			if pair[0].Saved.Time > 0 && pair[1].Saved.Time > 0 {
				t.Errorf("%s: %s promises %d ns and %s, which it is part of, %d ns on the same connections", file,
					pair[0].Rule.Name, pair[0].Saved.Time, pair[1].Rule.Name, pair[1].Saved.Time)
			}
		}
	}
	if together == 0 {
		t.Error("no two findings of a family speak of the same connections: nothing was tested")
	}
	t.Logf("%d pairs of findings, the part of %d promises a saving", together, promised)
}

// familiar are the findings, a part and its root, that speak of connections in
// common.
func familiar(all []*analysis.Finding, family map[string][]string) (pairs [][2]*analysis.Finding) {
	for _, part := range all {
		for _, root := range all {
			if slices.Contains(family[part.Rule.Name], root.Rule.Name) && slices.ContainsFunc(part.Subject.Connections, func(id uint64) bool {
				return slices.Contains(root.Subject.Connections, id)
			}) {
				pairs = append(pairs, [2]*analysis.Finding{part, root})
			}
		}
	}
	return pairs
}

func findings(t *testing.T, file string) []*analysis.Finding {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	src, err := ruletest.Open(file, text)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	res, err := ruletest.Run(ruletest.Options{Rules: All()}, src)
	if err != nil {
		t.Fatal(err)
	}
	return res.Findings
}

// TestFixesOfTheLab holds fixes against what really ran: the lab says which
// servers and clients those were.
func TestFixesOfTheLab(t *testing.T) {
	lab := os.Getenv("CONNLINT_LAB")
	if lab == "" {
		t.Skip("CONNLINT_LAB is not set")
	}
	for _, c := range []struct{ scenario, rule, fix string }{
		{"02-close-by-server", "keepalive/connection-per-request", "nginx: `keepalive_timeout 75s;`"},
		{"02-http10-ab", "keepalive/connection-per-request", "ab: `-k`."},
		{"09-time-wait-server", "ports/time-wait-buildup", "Change the client, not the server"},
		{"04-slow-start-after-idle", "tcp/slow-start-after-idle", "Linux: `sysctl -w net.ipv4.tcp_slow_start_after_idle=0`"},
	} {
		files, err := filepath.Glob(filepath.Join(lab, c.scenario, "client.pcap*"))
		if err != nil || len(files) != 1 {
			t.Errorf("%s: %v %v", c.scenario, files, err)
			continue
		}
		var fixes []string
		for _, f := range findings(t, files[0]) {
			if f.Rule.Name == c.rule {
				fixes = append(fixes, f.Fix)
			}
		}
		if !slices.ContainsFunc(fixes, func(fix string) bool { return strings.Contains(fix, c.fix) }) {
			t.Errorf("%s: %s is to be fixed by %q, not by %q", c.scenario, c.rule, fixes, c.fix)
		}
	}
}
