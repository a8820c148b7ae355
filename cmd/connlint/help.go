package main

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"connlint/output"
)

// columns is how wide anything is that the program prints about itself.
const columns = 100

const helpHead = `connlint reads packets and says where HTTP connections waste time, whose fault it is, what it costs
and what to change.

usage: connlint [flags] FILE…      pcap or pcapng, also in gzip or zstd; - is standard input
       connlint [flags] -i IFACE   what passes a network interface, until Ctrl-C (needs CAP_NET_RAW)
       connlint rules [NAME…]      the rules, or those that match 'tcp/*'; the page of one
       connlint schema             the JSON schema of the records
`

const helpTail = `
Exit status: 0 nothing at or above --fail-on, 1 findings, 2 the job could not be done.

examples: connlint shop.pcap
          tcpdump -w - -c 10000 port 80 | connlint -
          connlint --set 'tcp/*.min_stall_ms=30ms' --fail-on warning shop.pcap
          connlint --format jsonl shop.pcap | jq 'select(.type=="finding")'
          connlint -i eth0 -f 'port 80' --report-every 30s -w shop.pcapng
`

// help is made from the table of flags, so that it has them all.
func help() string {
	var b strings.Builder
	b.WriteString(helpHead)
	for _, g := range new(options).groups() {
		b.WriteString("\n" + g.title + "\n")
		g.flags.VisitAll(func(f *pflag.Flag) { b.WriteString(flagHelp(f)) })
	}
	b.WriteString(helpTail)
	return b.String()
}

// flagHelp is one flag's lines: names and value to the left, what it does to
// the right.
func flagHelp(f *pflag.Flag) string {
	const left = 30
	value, usage := described(f)
	names := "      --" + f.Name
	if f.Shorthand != "" {
		names = "  -" + f.Shorthand + ", --" + f.Name
	}
	switch {
	case value == "":
	case f.NoOptDefVal != "":
		names += "[=" + value + "]"
	default:
		names += " " + value
	}
	switch f.DefValue {
	case "", "0", "0s", "false", "[]":
	default:
		usage += fmt.Sprintf(" (default %s)", shortTime(f.DefValue))
	}
	text := strings.Join(output.Wrap(usage, columns-left-2), "\n"+strings.Repeat(" ", left+2))
	if len(names) > left {
		return names + "\n" + strings.Repeat(" ", left+2) + text + "\n"
	}
	return fmt.Sprintf("%-*s  %s\n", left, names, text)
}

// shortTime drops what people do not write: 1m0s is 1m.
func shortTime(s string) string {
	if strings.HasSuffix(s, "m0s") {
		return strings.TrimSuffix(s, "0s")
	}
	return s
}

// described parts what the table of flags says: the name of the value, ""
// where there is none, and what the flag does.
func described(f *pflag.Flag) (value, usage string) {
	value, usage, ok := strings.Cut(f.Usage, "\t")
	if !ok {
		return "", value
	}
	return value, usage
}
