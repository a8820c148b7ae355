package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/mattn/go-isatty"

	"connlint/output"
)

// maxTransactions is how many transactions a text report draws at most: more
// is a matter for the records.
const maxTransactions = 10000

// colors are the words of --color.
func colors() []string { return []string{"auto", "always", "never"} }

// checkText checks the flags of the text report.
func (o *options) checkText(transactions bool) error {
	switch {
	case !transactions:
		return nil
	case o.format != "text":
		return errors.New("--transactions draws in the text report; --records transaction has them in json and jsonl")
	case o.slowest < 1 || o.slowest > maxTransactions:
		return fmt.Errorf("--transactions=%d: it is a number from 1 to %d", o.slowest, maxTransactions)
	}
	return nil
}

// newReport makes the report that was asked for.
func newReport(o *options, stdout io.Writer) (output.Writer, error) {
	if o.format != "text" {
		return output.New(o.format, stdout, o.records)
	}
	return output.NewText(stdout, output.TextOptions{Color: o.colored(stdout), Transactions: o.slowest}), nil
}

// newLiveReport makes the report of a live run: it goes to queue, and stdout is
// where it comes out.
func newLiveReport(o *options, queue, stdout io.Writer) (output.Writer, error) {
	if o.format != "text" {
		return output.NewLive(o.format, queue, o.records)
	}
	return output.NewLiveText(queue, output.TextOptions{Color: o.colored(stdout), Transactions: o.slowest}), nil
}

// colored reports whether the report has colour: what the flag says; else on a
// terminal that knows it, if its user has not asked for none (no-color.org).
func (o *options) colored(stdout io.Writer) bool {
	if o.color != "auto" {
		return o.color == "always"
	}
	return isTerminal(stdout) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// isTerminal reports whether somebody looks at what is written.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}
