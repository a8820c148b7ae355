package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/pflag"

	"connlint/analysis"
	"connlint/output"
)

// options are the command line, checked as far as it can be without rules.
type options struct {
	args     []string
	format   string
	records  output.Records
	failOn   analysis.Severity // 0: never
	set      []string
	enable   []string
	disable  []string
	count    uint64 // 0: all
	logLevel zerolog.Level
	version  bool
	timeWait time.Duration // 0: the rules' own
	ports    uint16        // the same
	color    string        // auto, always or never
	slowest  int           // transactions to draw; 0: none
}

const help = `connlint reads packet captures and says where HTTP connections waste time,
whose fault it is, what it costs and what to change.

usage: connlint [flags] FILE…     pcap or pcapng, also in gzip or zstd; - is standard input
       connlint rules [NAME]      the rules; the page of one
       connlint schema            the JSON schema of the records

Report
      --format FORM               text, json or jsonl (default text)
      --transactions[=N]          draw the N slowest transactions in the text report (default 25)
      --color WHEN                colour in the text report: auto, always or never (default auto: on a
                                  terminal, unless NO_COLOR is set)
      --records KIND,…            records in json and jsonl: finding, connection, transaction
                                  (default finding; run and summary are always there)
      --fail-on SEVERITY          exit with 1 from this severity on: error, warning, note or never
                                  (default error)
Rules
      --enable GLOB,…             run these rules only, such as 'tcp/*'
      --disable GLOB,…            do not run these
      --set RULE.PARAM=VALUE      change a threshold; connlint rules NAME lists them
      --time-wait DURATION        how long sockets stay in TIME_WAIT (default as the packets look: 60s or 120s)
      --ports N                   how many ports a client has (default 28232, or 16384 if it looks like Windows)
Reading
  -c, --count N                   stop after N packets
Other
      --log-level LEVEL           debug, info, warn or error (default warn)
      --version, --help

Exit status: 0 nothing at or above --fail-on, 1 findings, 2 the job could not be done.

examples: connlint shop.pcap
          tcpdump -w - -c 10000 port 80 | connlint -
          connlint --format jsonl shop.pcap | jq 'select(.type=="finding")'
`

// parse reads the command line. The log level is usable also behind an error.
func parse(args []string) (*options, error) {
	o := &options{logLevel: zerolog.WarnLevel}
	flags := pflag.NewFlagSet("connlint", pflag.ContinueOnError)
	flags.SetInterspersed(true)
	flags.Usage = func() {}
	flags.SetOutput(silent{})
	format := flags.String("format", "text", "")
	records := flags.StringSlice("records", []string{"finding"}, "")
	failOn := flags.String("fail-on", "error", "")
	level := flags.String("log-level", "warn", "")
	iface := flags.StringP("interface", "i", "", "")
	flags.StringArrayVar(&o.set, "set", nil, "")
	flags.StringSliceVar(&o.enable, "enable", nil, "")
	flags.StringSliceVar(&o.disable, "disable", nil, "")
	flags.Uint64VarP(&o.count, "count", "c", 0, "")
	flags.DurationVar(&o.timeWait, "time-wait", 0, "")
	flags.Uint16Var(&o.ports, "ports", 0, "")
	flags.StringVar(&o.color, "color", "auto", "")
	flags.IntVar(&o.slowest, "transactions", 0, "")
	flags.Lookup("transactions").NoOptDefVal = strconv.Itoa(output.DefaultTransactions)
	flags.BoolVar(&o.version, "version", false, "")
	if err := flags.Parse(args); err != nil {
		return o, flagError(err)
	}
	o.args = flags.Args()
	if flags.Changed("interface") {
		return o, fmt.Errorf("live capture (-i %s) is not in this build; record with tcpdump -w FILE and read the file", *iface)
	}
	for name, globs := range map[string][]string{"enable": o.enable, "disable": o.disable} {
		if flags.Changed(name) && len(globs) == 0 {
			return o, fmt.Errorf("--%s names no rule; connlint rules lists them", name)
		}
	}
	if flags.Changed("count") && o.count == 0 {
		return o, errors.New("--count 0 would read nothing; leave it out to read everything")
	}
	if flags.Changed("time-wait") && o.timeWait <= 0 {
		return o, fmt.Errorf("--time-wait %v: it is a time such as 60s", o.timeWait)
	}
	if flags.Changed("ports") && o.ports == 0 {
		return o, errors.New("--ports 0: a client has at least one; it is a number up to 65535")
	}
	if err := o.choose(*format, *failOn, *level, *records); err != nil {
		return o, err
	}
	return o, o.checkText(flags.Changed("transactions"))
}

// silent swallows what pflag would print: run says it in its own words.
type silent struct{}

func (silent) Write(b []byte) (int, error) { return len(b), nil }

// flagError is pflag's complaint as one line with a hint.
func flagError(err error) error {
	if errors.Is(err, pflag.ErrHelp) {
		return err
	}
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		switch name := invalid.GetFlag().Name; name {
		case "count":
			return fmt.Errorf("--count %q: it is a number of packets", invalid.GetValue())
		case "time-wait":
			return fmt.Errorf("--time-wait %q: it is a time such as 60s", invalid.GetValue())
		case "transactions":
			return fmt.Errorf("--transactions=%s: it is how many of the slowest to draw", invalid.GetValue())
		case "ports":
			return fmt.Errorf("--ports %q: it is a number up to 65535", invalid.GetValue())
		}
	}
	return fmt.Errorf("%w; connlint --help lists the flags", err)
}

// choose checks the flags that take one of several words.
func (o *options) choose(format, failOn, level string, records []string) error {
	if !slices.Contains(output.Formats(), format) {
		return oneOf("--format", format, output.Formats())
	}
	o.format = format
	for _, kind := range records {
		if !slices.Contains(output.RecordNames(), kind) {
			return oneOf("--records", kind, output.RecordNames())
		}
	}
	var err error
	if o.records, err = output.ParseRecords(records); err != nil {
		return err
	}
	severities := []string{"never", "note", "warning", "error"} // analysis.Severity by number
	i := slices.Index(severities, failOn)
	if i < 0 {
		return oneOf("--fail-on", failOn, severities)
	}
	o.failOn = analysis.Severity(i)
	levels := []string{"debug", "info", "warn", "error"}
	if !slices.Contains(levels, level) {
		return oneOf("--log-level", level, levels)
	}
	o.logLevel, err = zerolog.ParseLevel(level)
	return err
}

func oneOf(flag, value string, words []string) error {
	last := len(words) - 1
	return fmt.Errorf("%s %q: it is one of %s and %s", flag, value, strings.Join(words[:last], ", "), words[last])
}
