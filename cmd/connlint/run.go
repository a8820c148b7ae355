package main

import (
	"errors"
	"fmt"
	"io"
	"runtime/debug"

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
	opts, err := parse(args)
	log := newLogger(stderr, opts.logLevel)
	switch {
	case errors.Is(err, pflag.ErrHelp):
		return printed(log, stdout, help)
	case err != nil:
		log.Error().Msg(err.Error())
		return exitFailed
	case opts.version:
		return printed(log, stdout, "connlint "+version()+"\n")
	case len(opts.args) == 0:
		log.Error().Msg("no capture file; connlint FILE… reads some, connlint --help says more")
		return exitFailed
	}
	switch opts.args[0] {
	case "rules":
		return listRules(opts.args[1:], log, stdout)
	case "schema":
		if len(opts.args) > 1 {
			log.Error().Msgf("connlint schema takes no argument, not %q", opts.args[1])
			return exitFailed
		}
		return printed(log, stdout, output.JSONSchema())
	}
	if len(opts.args) > maxSources {
		log.Error().Msgf("%d files are more than one run can number; %d are its limit", len(opts.args), maxSources)
		return exitFailed
	}
	return analyse(opts, log, stdin, stdout, stderr)
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
