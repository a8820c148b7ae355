package output

import (
	"fmt"
	"strconv"
	"strings"

	"connlint/analysis"
	"connlint/capture"
)

// span says how long ns nanoseconds are, to a precision that a reader can
// use: 1.2 ms, 43.8 ms, 1.051 s, 2 h 5 min, 1,648 days.
func span(ns int64) string {
	switch ms := float64(ns) / 1e6; {
	case ns == 0:
		return "0 ms"
	case ns < 1000:
		return fmt.Sprintf("%d ns", ns)
	case ms < 0.01:
		return fmt.Sprintf("%.3f ms", ms)
	case ms < 0.995:
		return fmt.Sprintf("%.2f ms", ms)
	case ms < 999.95:
		return fmt.Sprintf("%.1f ms", ms)
	case ms < 100e3:
		return fmt.Sprintf("%.3f s", ms/1e3)
	case ms < 3600e3:
		return fmt.Sprintf("%d min %d s", ns/60e9, ns/1e9%60)
	case ms < 48*3600e3:
		return fmt.Sprintf("%d h %d min", ns/3600e9, ns/60e9%60)
	}
	return thousands(uint64(ns/(24*3600e9))) + " days"
}

// thousands is n with a comma behind each three digits.
func thousands(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// number is "1 packet", "1,204 packets".
func number(n uint64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return thousands(n) + " " + thing + "s"
}

// gateWords say what a shut gate means for the reader, by the gate's name.
func gateWords(gate string) string {
	words := map[string]string{
		"BothDirections": "only one side's packets are in the capture",
		"Handshake":      "no whole TCP handshake is in the capture",
		"NoGapBefore":    "the capture lacks packets, or a limit let some go",
		"NotCut":         "packets are cut short by a snap length",
		"Vantage":        "where the capture was taken is not known",
		"ConnectionEnd":  "the connection's end is not in the capture",
		"Plaintext":      "the messages are encrypted",
		"Clock":          "the capture's clock was set back or forward meanwhile",
		"FineClock":      "the capture's clock ticks too coarsely",
	}
	if w := words[gate]; w != "" {
		return w
	}
	return gate
}

// caveatWords say what a caveat means for the reader, by its name.
func caveatWords(caveat string) string {
	words := map[string]string{
		"capture-starts-mid-connection": "open already when the capture began",
		"one-direction-captured":        "only one side's packets were captured",
		"snaplen-truncated":             "packets are cut short by a snap length",
		"capture-drops":                 "packets that arrived are not in the capture",
		"super-segments":                "captured as larger segments than went over the wire",
		"limit-reached":                 "a limit of connlint was reached",
		"duplicate-packets-captured":    "packets were captured more than once",
		"clock-steps":                   "the capture's clock was set back or forward meanwhile",
		"coarse-clock":                  "stamped by a clock that ticks in milliseconds or more",
		"nat-suspected":                 "the client's address seems to stand for several hosts",
	}
	return words[caveat]
}

// traitWords say what a trait keeps from being judged; "" if it keeps nothing.
func traitWords(trait string) string {
	words := map[string]string{
		"http2-cleartext":   "HTTP/2 is not taken apart",
		"http2-tls":         "HTTP/2 is not taken apart",
		"connect-tunnel":    "what went through the tunnel is not taken apart",
		"websocket-upgrade": "what followed the upgrade is not taken apart",
		"protocol-upgrade":  "what followed the upgrade is not taken apart",
		"not-http":          "neither HTTP nor TLS",
	}
	return words[trait]
}

// price is a cost in words, its parts that are nothing left out.
func price(c *analysis.Cost) string {
	var parts []string
	if c.Time != 0 {
		parts = append(parts, span(c.Time))
	}
	if c.RoundTrips != 0 {
		parts = append(parts, number(uint64(c.RoundTrips), "round trip"))
	}
	if c.Connections != 0 {
		parts = append(parts, number(uint64(c.Connections), "connection"))
	}
	if c.Bytes != 0 {
		parts = append(parts, number(c.Bytes, "byte"))
	}
	return strings.Join(parts, ", ")
}

// displayFilter finds the packets of a subject in Wireshark. Two ports and the
// client's address name a connection as well as both addresses do, in fewer
// columns.
func displayFilter(client, server capture.Endpoint) string {
	var parts []string
	if !client.IsZero() {
		parts = append(parts, addressFilter(client))
	}
	if !server.IsZero() && client.Port() == 0 && (client.IsZero() || client.Addr() != server.Addr()) {
		parts = append(parts, addressFilter(server))
	}
	for _, p := range [...]capture.Endpoint{client, server} {
		if p.Port() != 0 {
			parts = append(parts, "tcp.port=="+strconv.Itoa(int(p.Port())))
		}
	}
	return strings.Join(parts, " && ")
}

func addressFilter(p capture.Endpoint) string {
	field := "ip.addr=="
	if p.Addr().Is6() {
		field = "ipv6.addr=="
	}
	return field + p.Addr().String()
}

// endpointText is an endpoint as records write it.
func endpointText(p capture.Endpoint) string { return string(appendEndpoint(nil, p)) }

// wrap breaks text into lines of at most that many columns at its spaces; a word
// that is longer stays whole.
func wrap(text string, columns int) []string {
	var lines []string
	line, used := "", 0
	for word := range strings.FieldsSeq(text) {
		n := len([]rune(word))
		if used > 0 && used+1+n > columns {
			lines = append(lines, line)
			line, used = "", 0
		}
		if used > 0 {
			line += " "
			used++
		}
		line += word
		used += n
	}
	return append(lines, line)
}
