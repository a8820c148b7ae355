package rules

import (
	"bytes"
	"strings"
	"testing"

	"connlint/analysis"
	"connlint/analysis/ruletest"
	"connlint/capture/trace"
)

// allPorts is a client that uses forty ports up, the second half of them from
// further away.
func allPorts(client, ttl string) string {
	block := func(port, ttl string) string {
		return "repeat 20\nconn " + client + ":" + port + " > 10.0.0.2:80\n+10ms > S mss=1460 ts ttl=" + ttl +
			"\n+100us < S. mss=1460 ts\n+0 > .\n+10us > F.\n+100us < F.\n+0 > .\nend\n"
	}
	return block("40020", "64") + block("40000", ttl)
}

// exhaustion runs the rule and wants one finding of it.
func exhaustion(t *testing.T, text string, params map[string]float64) *analysis.Finding {
	t.Helper()
	tr, err := trace.Parse("x", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := tr.Encode(&file); err != nil {
		t.Fatal(err)
	}
	src, err := ruletest.Open("x", file.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	r := portExhaustion()
	r.Doc = page(r.ID())
	res, err := ruletest.Run(ruletest.Options{Rules: []*analysis.Rule{r},
		Config: analysis.Config{Params: map[string]map[string]float64{r.Name: params}}}, src)
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Findings) != 1 {
		t.Fatalf("%d findings", len(res.Findings))
	}
	return res.Findings[0]
}

// What lowers the confidence in a finding about ports is said; what the user
// knows needs no guess.
func TestDoubtsAboutHosts(t *testing.T) {
	for _, x := range []struct {
		name, client, ttl string
		params            map[string]float64
		confidence        float64
		reason            string
		severity          analysis.Severity
	}{
		{"seen", "10.0.0.1", "64", nil, 0.6, "leaves no packet", analysis.Warning},
		{"behind NAT", "10.0.0.1", "63", nil, 0.6, "several hosts behind NAT", analysis.Warning},
		{"loopback", "10.0.0.2", "64", nil, 0.6, "on loopback", analysis.Warning},
		{"40 ports", "10.0.0.1", "64", map[string]float64{"ports": 40}, 0.6, "leaves no packet", analysis.Warning},
		{"45 ports", "10.0.0.1", "64", map[string]float64{"ports": 45}, 1, "", analysis.Error},
		{"45 ports behind NAT", "10.0.0.1", "63", map[string]float64{"ports": 45}, 0.7, "several hosts behind NAT", analysis.Error},
	} {
		f := exhaustion(t, allPorts(x.client, x.ttl), x.params)
		if f.Confidence != x.confidence || f.Severity != x.severity {
			t.Errorf("%s: confidence %v, %v", x.name, f.Confidence, f.Severity)
		}
		if got := strings.Join(f.Reasons, "; "); !strings.Contains(got, x.reason) || x.reason == "" && got != "" {
			t.Errorf("%s: %q does not say %q", x.name, got, x.reason)
		}
	}
}
