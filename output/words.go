package output

import (
	"strconv"
	"strings"

	"connlint/analysis"
	"connlint/capture"
)

// span says how long ns nanoseconds are.
func span(ns int64) string { return analysis.Span(ns) }

// thousands is n with a comma behind each three digits.
func thousands(n uint64) string { return analysis.Thousands(n) }

// number is "1 packet", "1,204 packets".
func number(n uint64, thing string) string { return thousands(n) + " " + plural(n, thing) }

// plural is the thing as it follows that number.
func plural(n uint64, thing string) string {
	if n == 1 {
		return thing
	}
	return thing + "s"
}

// gateWords say what a shut gate means for the reader, by the gate's name.
func gateWords(gate string) string {
	words := map[string]string{
		"BothDirections": "packets of one side only: the other did not answer, or the capture does not see it",
		"Handshake":      "without a whole TCP handshake in the capture",
		"NoGapBefore":    "bytes are missing in the capture",
		"NotCut":         "packets are cut short by a snap length",
		"Vantage":        "where on the way the capture was taken cannot be told",
		"ConnectionEnd":  "not seen to end",
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
		"one-direction-captured":        "packets of one side only: the other did not answer, or the capture does not see it",
		"snaplen-truncated":             "packets are cut short by a snap length",
		"capture-drops":                 "packets that arrived are not in the capture",
		"super-segments":                "captured as larger segments than went over the wire",
		"limit-reached":                 "a limit of connlint was reached",
		"duplicate-packets-captured":    "packets were captured more than once",
		"clock-steps":                   "the capture's clock was set back or forward meanwhile",
		"coarse-clock":                  "stamped by a clock that ticks in milliseconds or more",
		"nat-suspected":                 "the client's address seems to stand for several hosts",
		"packets-out-of-order":          "answers stand before what they answer",
		"multipath-tcp":                 "parts of what was said went over other paths (Multipath TCP)",
		"handshake-by-middlebox":        "the SYN was answered by another machine than the data came from",
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
