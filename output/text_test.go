package output

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/capture"
)

// Where nearly all time has a cause that is no rule's business, the report says
// where to look; not where nobody waits for it, or a rule speaks of it.
func TestHints(t *testing.T) {
	for _, tt := range []struct {
		cause timeline.Cause
		ns    int64
		brief bool
		want  string
	}{
		{timeline.ServerWait, 2e9, true, "server-wait is the server's own time"},
		{timeline.ServerWait, 2e9, false, "server-wait is the server's own time"},
		{timeline.ServerWait, 2e6, true, ""},
		{timeline.Network, 2e9, true, ""},
		{timeline.NoResponse, 2e9, true, "no-response is time spent on requests that were never answered"},
		{timeline.NoResponse, 2e9, false, ""},
	} {
		var b bytes.Buffer
		w := newText(&b)
		spent := &analysis.Spent{}
		spent.Time[tt.cause], spent.Time[timeline.Connect] = tt.ns, tt.ns/4
		spent.Causes[tt.cause].Add(tt.ns)
		if tt.brief {
			w.briefTime(spent)
		} else {
			w.time(spent, 0)
		}
		w.out.Flush()
		if got := b.String(); !strings.Contains(got, tt.want) || tt.want == "" && strings.Contains(got, " is ") {
			t.Errorf("%s, brief %v: want %q in\n%s", tt.cause, tt.brief, tt.want, got)
		}
	}
}

// A run over many files lists a few, and of the others those that failed.
func TestManySources(t *testing.T) {
	var b bytes.Buffer
	w := newText(&b)
	run, end := &Run{}, totals()
	end.Sources = nil
	for i := range 500 {
		run.Sources = append(run.Sources, fmt.Sprintf("part-%03d.pcap", i))
		end.Sources = append(end.Sources, Source{Stats: capture.Stats{Packets: 1000, Last: 2e9}})
	}
	end.Sources[300].Err = &capture.Error{Path: "part-300.pcap", Packet: 1001, Offset: 7, Err: errors.New("cut short"), Hint: "copy it again"}
	end.Sources[400] = Source{Err: errors.New("gone")}
	w.Begin(run)
	if err := w.End(end); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"500 captures: 499,000 packets, 0 connections, 0 transactions\n  part-000.pcap: 1,000 packets",
		"  part-009.pcap: 1,000 packets, 0 connections, 0 transactions in 2.00 s\n  part-300.pcap: 1,000 packets, 0 connections, 0 transactions in 2.00 s (not read to its end)\n" +
			"    read as far as packet 1,000: cut short; copy it again\n  part-400.pcap: not read\n    gone\n  … and 488 others\n"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is not in\n%s", want, b.String())
		}
	}
}

// A paragraph says its doubts up to 0.8, its fix if there is one, who speaks
// with whom, and fits the width with addresses of any length.
func TestParagraph(t *testing.T) {
	doubtful := finding("close/some-rule-with-a-rather-long-name-for-a-rule", "[2001:db8:1111:2222:3333:4444:5555:6666]:8080", 3e9)
	doubtful.Confidence, doubtful.Reasons, doubtful.Fix = 0.6, []string{"the round trip comes from the handshake alone", "two"}, "Set `x 1;`."
	doubtful.Subject.Client = endpoint("[2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff]:40000")
	doubtful.Culprit = analysis.Nobody
	middling := finding("tcp/middling", "10.0.0.3:80", 1e6)
	middling.Confidence, middling.Reasons = 0.8, []string{"three"}
	sure := finding("tcp/sure", "10.0.0.2:80", 1e6)
	other := finding("tcp/sure", "10.0.0.2:80", 1e6)
	other.Subject.Client = endpoint("10.0.0.9:5")
	got := told(t, doubtful, middling, sure, other)
	for _, want := range []string{
		"  warning  close/some-rule-with-a-rather-long-name-for-a-rule\n           2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff > [2001:db8:1111:2222:3333:4444:5555:6666]:8080\n",
		"           cost: 3.00 s; whose fault it is cannot be told\n",
		"           sure to 0.6: the round trip comes from the handshake alone; two\n           fix: Set `x 1;`.\n           packets: 7 (late ACK)\n",
		"           sure to 0.8: three\n",
		"  warning  tcp/sure  2 clients > 10.0.0.2:80\n           on 2 connections; for example: ",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
	if strings.Count(got, "sure to") != 2 || strings.Count(got, "fix:") != 1 {
		t.Errorf("doubts or a fix that are not there:\n%s", got)
	}
	for line := range strings.Lines(got) {
		if columns(line) > width+1 {
			t.Errorf("%d columns: %s", columns(line), line)
		}
	}
}

// The evidence names each packet once and what it shows, what several show
// alike once.
func TestPackets(t *testing.T) {
	var v analysis.Evidence
	for _, c := range []struct {
		n    uint64
		role string
	}{{5, "SYN"}, {5, "SYN again"}, {9, "SYN"}, {12, "close"}, {13, "close"}} {
		v.Cite(capture.NewFrame(0, c.n, 1), c.role)
	}
	if got, want := new(textWriter).packets(&v), "5, 9 (SYN), 12 (close) …"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// What goes through a proxy is found by the packets of both legs.
func TestFilterOfPath(t *testing.T) {
	f := finding("proxy/x", "10.0.0.2:80", 1)
	f.Subject.Kind = analysis.OfPath
	f.Subject.Client = endpoint("10.0.0.1:0")
	f.Evidence.Cite(capture.NewFrame(0, 3, 1), "as the client sent it")
	if got, want := new(textWriter).filterOf(f), "(ip.addr==10.0.0.1 && ip.addr==10.0.0.2 && tcp.port==80) || frame.number==7 || frame.number==3"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// The head counts what follows it.
func TestHeadlineCounts(t *testing.T) {
	var all []*analysis.Finding
	for i := range 9 {
		f := finding("connect/common", fmt.Sprintf("10.0.0.%d:80", i), 1e6)
		f.Severity = analysis.Note
		all = append(all, f)
	}
	broken := finding("framing/broken", "10.0.0.2:80", 0)
	broken.Severity = analysis.Error
	got := told(t, append(all, broken, finding("tcp/x", "10.0.0.2:80", 9e9))...)
	if !strings.Contains(got, "Findings: 1 error, 1 warning, 2 notes; 7 findings more summed up below\n") || strings.Count(got, "  note     ") != maxOfNote ||
		!strings.Contains(got, "  … and 7 findings of connect/common on 7 other servers; cost 7.00 ms\n") {
		t.Errorf("head and body differ:\n%s", got)
	}
	if e, w := strings.Index(got, "  error "), strings.Index(got, "  warning "); e < 0 || w < e {
		t.Errorf("a warning stands before an error:\n%s", got)
	}
}
