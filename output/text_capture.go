package output

import (
	"fmt"
	"slices"

	"connlint/analysis"
	"connlint/capture"
	"connlint/reassembly"
)

// caveats are the faults of the capture and the limits that were reached.
func (t *textWriter) caveats(totals *Totals) {
	all := totals.sum()
	lines := slices.Concat(t.faults(totals.Analysis), leftOut(totals, &all), interrupted(totals.Live), givenUp(totals, &all))
	if len(lines) == 0 {
		return
	}
	t.head("About the capture")
	for _, line := range lines {
		t.block(2, line)
	}
}

// leftOut are the packets that the report does not rest on; all is of all sources.
func leftOut(totals *Totals, all *capture.Stats) (lines []string) {
	for _, x := range []struct {
		n    uint64
		what string
	}{
		{all.Filtered, "not chosen by the filter"},
		{all.Dropped, "dropped by the capture itself"},
		{totals.Copies, "set aside as copies of others"},
		{all.Malformed, "malformed"},
		{all.Untimed, "without a capture time (pcapng simple packets), so that waits cannot be judged"},
		{all.Undecoded, "of a link type or a tunnel that is not decoded"},
		{all.TunnelCopies, "captured inside and outside of a tunnel, judged once"},
		{all.Unassembled, "IP fragments of packets that are not whole in the capture"},
	} {
		if x.n > 0 {
			lines = append(lines, fmt.Sprintf("%s: %s", x.what, number(x.n, "packet")))
		}
	}
	return lines
}

// interrupted is what disturbed a live capture.
func interrupted(live Live) (lines []string) {
	if live.RingFull > 0 {
		lines = append(lines, fmt.Sprintf("the ring was full %s: a larger --ring, or a filter (-f), gives more time", number(live.RingFull, "time")))
	}
	if live.Interruptions > 0 {
		lines = append(lines, fmt.Sprintf("the interface went down or came back %s: what passed meanwhile is not known", number(live.Interruptions, "time")))
	}
	return lines
}

// givenUp is what limits cost; all is of all sources.
func givenUp(totals *Totals, all *capture.Stats) (lines []string) {
	for _, x := range []struct {
		n         uint64
		what, why string
	}{
		{all.GivenUp, "fragmented packet", "because too many waited for pieces"},
		{totals.GivenUp.Connections, "connection", "because a limit was reached"},
		{totals.GivenUp.Pairs, "pair", "because a limit was reached"},
		{totals.GivenUp.Hosts, "host", "because a limit was reached"},
		{totals.GivenUp.Legs, "request", "because too many were under way to look for proxies"},
		{totals.GivenUp.Messages, "message", "when the causes of its time were sought, because a limit was reached"},
		{totals.GivenUp.Holes, "hole", "because too much waited behind"},
		{totals.GivenUp.LeftAside, "HTTP message", "because too many were under way"},
		{totals.Analysis.FindingsDropped, "finding", "because too many waited"},
		{totals.Analysis.SlotsRefused, "verdict", "because a rule had too much to remember"},
		{totals.Live.RecordsDropped, "record or block", "because the report was read too slowly"},
	} {
		if x.n > 0 {
			lines = append(lines, number(x.n, x.what)+" given up "+x.why)
		}
	}
	return lines
}

// faults is a line for each fault of the capture, with how to capture better
// if a finding is in doubt for it. What was said with the rules that could not
// judge for it is not said again.
func (t *textWriter) faults(a *analysis.Summary) []string {
	var lines []string
	for bit, name := range reassembly.CaveatNames() {
		n := a.Caveats[name]
		if n == 0 {
			continue
		}
		words := caveatWords(name)
		if y := &a.Budget.Bytes; name == "capture-drops" && y.Unseen > 0 {
			words = percent(y.Unseen, y.Sent+y.Unseen) + " of the bytes that arrived are not in the capture"
		}
		if slices.Contains(t.blind, words) {
			continue
		}
		line := fmt.Sprintf("%s: %s: %s", name, number(n, "connection"), words)
		if r := remedyOf(name); r.doubt && t.doubts&(1<<bit) != 0 {
			line += ". " + r.text
		}
		lines = append(lines, line)
	}
	return lines
}

// percent is a share that is never nothing.
func percent(part, whole uint64) string {
	if p := 100 * float64(part) / float64(max(whole, 1)); p >= 0.1 {
		return fmt.Sprintf("%.1f %%", p)
	}
	return "less than 0.1 %"
}

// remedy is how to capture without a fault. It is worth a word if a rule was
// skipped for one of the gates; with doubt, if a finding has the caveat.
type remedy struct {
	gates []string
	doubt bool
	text  string
}

// remedyOf is the remedy of a caveat, by its name.
func remedyOf(caveat string) remedy {
	return map[string]remedy{
		"capture-starts-mid-connection": {[]string{"Handshake"}, false,
			"Start the capture before the connections are opened."},
		"one-direction-captured": {[]string{"BothDirections"}, false,
			"Capture where the packets of both directions pass."},
		"snaplen-truncated": {[]string{"NotCut", "NoGapBefore"}, false,
			"Capture whole packets (tcpdump -s 0)."},
		"capture-drops": {[]string{"NoGapBefore"}, false,
			"Capture with a larger buffer (tcpdump -B 65536) and write to a file first (-w)."},
		"super-segments": {nil, true,
			"Sizes and numbers of segments are those of the host, not of the wire: if they matter, capture with ethtool -K IFACE tso off gso off gro off lro off."},
		"duplicate-packets-captured": {nil, true,
			"Copies were left out, as far as they could be told from repetitions: capture at one interface instead of any, or mirror one direction of a port."},
		"clock-steps": {[]string{"Clock"}, false,
			"Keep the clock from being set while capturing (chrony slews it), and do not join captures of two clocks."},
		"coarse-clock": {[]string{"FineClock"}, false,
			"Capture with stamps of microseconds (on Windows with Npcap)."},
		"nat-suspected": {nil, true,
			"What is said of a client is said of its address: to tell hosts apart, capture on their side of the NAT."},
		"limit-reached": {[]string{"NoGapBefore"}, false, ""}, // there is no flag for it
		"multipath-tcp": {[]string{"NoGapBefore"}, false,
			"Switch Multipath TCP off at one end while capturing: no capture tells what its paths carry together."},
		"handshake-by-middlebox": {nil, true,
			"Connect times are those to that machine; what lies behind it is counted as the server's wait: to tell them apart, capture behind it."},
		"packets-out-of-order": {[]string{"Clock", "NoGapBefore", "ConnectionEnd"}, false,
			"Put the packets in the order of their stamps (reordercap), and join captures of one clock only."},
	}[caveat]
}
