package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/pflag"

	"connlint/analysis"
	"connlint/capture"
	"connlint/output"
)

// options are the command line, checked as far as it can be without rules.
type options struct {
	args     []string
	given    []string // names of the flags that were given
	format   string
	records  output.Records
	failOn   analysis.Severity // 0: never
	set      []string
	enable   []string
	disable  []string
	count    uint64 // 0: all
	logLevel zerolog.Level
	filter   *capture.Filter // nil: everything
	rotated  bool            // the files are parts of one capture
	version  bool
	timeWait time.Duration // 0: the rules' own
	ports    uint16        // the same
	color    string        // auto, always or never
	slowest  int           // transactions to draw; 0: none

	live  liveOptions
	words words
}

// words are the flags whose words stand for something else.
type words struct {
	records                  []string
	failOn, logLevel, filter string
}

// group is the flags under one heading of the help.
type group struct {
	title string
	flags *pflag.FlagSet
}

// groups is the table of flags: all there is, in the order of the help, which
// is made from it. What stands before a tab names the value.
func (o *options) groups() []group {
	report, choice, reading, other := newFlags(), newFlags(), newFlags(), newFlags()

	report.Var(oneOf(&o.format, "text", output.Formats()), "format", "FORM\ttext, json or jsonl")
	report.Var(someOf(&o.words.records, "finding", output.RecordNames()), "records", "KIND,…\trecords in json and jsonl: finding, connection, transaction; run and summary are always there")
	report.Var(oneOf(&o.words.failOn, "error", severities()), "fail-on", "SEVERITY\texit with 1 from this severity on: error, warning, note or never")
	report.IntVar(&o.slowest, "transactions", 0, "N\tdraw the slowest transactions in the text report (default 25 of them)")
	report.Lookup("transactions").NoOptDefVal = strconv.Itoa(output.DefaultTransactions)
	report.Var(oneOf(&o.color, "auto", colors()), "color", "WHEN\tcolour in the text report: auto (on a terminal, unless NO_COLOR is set), always or never")

	choice.StringSliceVar(&o.enable, "enable", nil, "GLOB,…\trun these rules and no others: names, areas (tcp) or globs ('tcp/*-stall')")
	choice.StringSliceVar(&o.disable, "disable", nil, "GLOB,…\tdo not run these")
	choice.StringArrayVar(&o.set, "set", nil, "RULE.PARAM=VALUE\tchange a threshold, with or without a unit (30ms, 2KiB, 5%); RULE may be a glob; connlint rules NAME has the parameters")
	choice.Var(aTime(&o.timeWait, 0), "time-wait", "TIME\thow long sockets stay in TIME_WAIT (default as the packets look: 60s or 120s)")
	choice.Uint16Var(&o.ports, "ports", 0, "N\thow many ports a client has (default as the packets look: 28232 or 16384)")

	reading.Uint64VarP(&o.count, "count", "c", 0, "N\tstop after N packets")
	reading.StringVarP(&o.words.filter, "filter", "f", "", "EXPRESSION\tonly these packets, in tcpdump's words: tcp, ip, ip6, host, net, port, portrange, src, dst, and, or, not, parentheses; seen inside tunnels too. With src or dst it takes one direction, of which most rules cannot judge")

	reading.BoolVar(&o.rotated, "rotated", false, "the files are parts of one capture (tcpdump -C -G -W, dumpcap -b, connlint -w): read as one, in the order of their first packets. Standard input cannot be a part")

	other.Var(oneOf(&o.words.logLevel, "warn", logLevels()), "log-level", "LEVEL\twhat standard error tells: debug, info, warn or error")
	other.BoolVar(&o.version, "version", false, "print the version")
	other.BoolP("help", "h", false, "print this")
	return []group{{"Report", report}, {"Rules", choice}, {"Reading", reading}, {"Live", o.live.flags()}, {"Other", other}}
}

func newFlags() *pflag.FlagSet {
	f := pflag.NewFlagSet("connlint", pflag.ContinueOnError)
	f.SortFlags = false
	return f
}

// parse reads the command line. The log level is usable also behind an error.
func parse(args []string) (*options, error) {
	o := &options{logLevel: zerolog.WarnLevel}
	flags := newFlags()
	flags.SetInterspersed(true)
	flags.Usage = func() {}
	flags.SetOutput(silent{})
	for _, g := range o.groups() {
		flags.AddFlagSet(g.flags)
	}
	if err := oneDash(args, flags); err != nil {
		return o, err
	}
	if err := flags.Parse(args); err != nil {
		return o, flagError(err, flags)
	}
	if help, _ := flags.GetBool("help"); help {
		return o, pflag.ErrHelp
	}
	o.args = flags.Args()
	flags.Visit(func(f *pflag.Flag) { o.given = append(o.given, f.Name) })
	o.translate()
	return o, o.check(flags)
}

// silent swallows what pflag would print: run says it in its own words.
type silent struct{}

func (silent) Write(b []byte) (int, error) { return len(b), nil }

// translate makes values of words, which are known to be right.
func (o *options) translate() {
	o.records, _ = output.ParseRecords(o.words.records)
	o.logLevel, _ = zerolog.ParseLevel(o.words.logLevel)
	for i, name := range severities() {
		if name == o.words.failOn {
			o.failOn = analysis.Severity(i)
		}
	}
}

// severities are the words of --fail-on: the name of each severity at its
// number, and of none.
func severities() []string { return []string{"never", "note", "warning", "error"} }

func logLevels() []string { return []string{"debug", "info", "warn", "error"} }

// checkRotated refuses what cannot be parts of a rotated capture. A single file
// may be all that is left of one.
func (o *options) checkRotated() error {
	if !o.rotated {
		return nil
	}
	if o.live.iface != "" {
		return fmt.Errorf("--rotated is for reading files: it does not go with -i %s", o.live.iface)
	}
	known := map[string]bool{}
	for _, name := range o.args {
		if name == "-" {
			return errors.New("--rotated: standard input cannot be a part, since parts are opened twice; write it to a file first")
		}
		if name = filepath.Clean(name); known[name] {
			return fmt.Errorf("--rotated: %s is named twice; name each part once", name)
		}
		known[name] = true
	}
	return nil
}

// check refuses values that are of the right kind and make no sense.
func (o *options) check(flags *pflag.FlagSet) error {
	if err := o.live.check(flags, o.args); err != nil {
		return err
	}
	for name, globs := range map[string][]string{"enable": o.enable, "disable": o.disable} {
		if flags.Changed(name) && len(globs) == 0 {
			return fmt.Errorf("--%s names no rule; connlint rules lists them", name)
		}
	}
	if flags.Changed("count") && o.count == 0 {
		return errors.New("--count 0 would read nothing; leave it out to read everything")
	}
	if flags.Changed("time-wait") && o.timeWait <= 0 {
		return fmt.Errorf("--time-wait %v: it is a time such as 60s", o.timeWait)
	}
	if flags.Changed("ports") && o.ports == 0 {
		return errors.New("--ports 0: a client has at least one; it is a number up to 65535")
	}
	if flags.Changed("filter") {
		var err error
		if o.filter, err = capture.ParseFilter(o.words.filter); err != nil {
			return err
		}
	}
	if err := o.checkRotated(); err != nil {
		return err
	}
	return o.checkText(flags.Changed("transactions"))
}
