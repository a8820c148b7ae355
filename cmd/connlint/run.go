package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strconv"

	"github.com/rs/zerolog"
	"github.com/spf13/pflag"

	"connlint/output"
)

// Exit codes.
const (
	exitClean    = 0 // nothing at or above --fail-on
	exitFindings = 1 // findings at or above it
	exitFailed   = 2 // the job could not be done; it outranks findings
)

// maxSources is how many sources a [capture.Frame] can tell apart.
const maxSources = 1 << 16

// run is the program: it does what args say and returns the exit code.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return runOn(thisHost(), args, stdin, stdout, stderr)
}

// runOn is run on a machine.
func runOn(h *host, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	opts, err := parse(args)
	log := newLogger(stderr, opts.logLevel)
	switch {
	case errors.Is(err, pflag.ErrHelp):
		return printed(log, stdout, help())
	case err != nil:
		return failed(log, err)
	case opts.version:
		return printed(log, stdout, "connlint "+version()+"\n")
	case opts.live.iface != "":
		return watch(opts, h, log, stdout)
	case len(opts.args) == 0:
		log.Error().Msg("no capture file; connlint FILE… reads some, connlint --help says more")
		return exitFailed
	}
	if code, done := command(opts, log, stdout); done {
		return code
	}
	if near := misspelt(opts.args); near != "" {
		log.Error().Msgf("no command and no file %q; did you mean connlint %s?", opts.args[0], near)
		return exitFailed
	}
	if n := parted(opts); n != "" {
		log.Error().Msgf("no file %q; the number of transactions is written --transactions=%s", n, n)
		return exitFailed
	}
	if len(opts.args) > maxSources && !opts.rotated {
		log.Error().Msgf("%d files are more than one run can number; %d are its limit", len(opts.args), maxSources)
		return exitFailed
	}
	return analyse(opts, log, stdin, stdout, stderr)
}

// commands are the words that stand where a file could.
func commands() []string { return []string{"rules", "schema", "help"} }

// misspelt is the command that was meant by the name of a file that is not
// there; "" if it looks like none.
func misspelt(args []string) string {
	if _, err := os.Stat(args[0]); err == nil {
		return ""
	}
	for _, name := range commands() {
		if distance(args[0], name) == 1 {
			return name
		}
	}
	return ""
}

// parted is the number that stands behind --transactions with a blank between
// them, and so would be the name of a file that is not there; "" if there is
// none.
func parted(o *options) string {
	if !slices.Contains(o.given, "transactions") {
		return ""
	}
	for _, name := range o.args {
		if _, err := strconv.ParseUint(name, 10, 32); err != nil {
			continue
		}
		if _, err := os.Stat(name); err != nil {
			return name
		}
	}
	return ""
}

// command does what the first argument asks for if it is a word and no file.
func command(opts *options, log zerolog.Logger, stdout io.Writer) (code int, done bool) {
	name, args := opts.args[0], opts.args[1:]
	if !slices.Contains(commands(), name) {
		return 0, false
	}
	allowed := []string{"log-level"}
	if name == "rules" {
		allowed = append(allowed, "format")
	}
	for _, flag := range opts.given {
		if !slices.Contains(allowed, flag) {
			log.Error().Msgf("--%s has no meaning for connlint %s", flag, name)
			return exitFailed, true
		}
	}
	switch {
	case name == "rules":
		return listRules(opts, args, log, stdout), true
	case len(args) > 0:
		log.Error().Msgf("connlint %s takes no argument, not %q", name, args[0])
		return exitFailed, true
	case name == "help":
		return printed(log, stdout, help()), true
	}
	return printed(log, stdout, output.JSONSchema()), true
}

// printed writes text and returns the exit code.
func printed(log zerolog.Logger, w io.Writer, text string) int {
	if _, err := io.WriteString(w, text); err != nil {
		return notWritten(log, err)
	}
	return exitClean
}

// version is that of the module as it was built.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return fmt.Sprintf("(development version), %s", output.Schema)
	}
	return fmt.Sprintf("%s, %s", info.Main.Version, output.Schema)
}
