package main

import (
	"errors"
	"io"
	"strconv"
	"strings"
	"syscall"
	"unicode"

	"github.com/rs/zerolog"
)

// newLogger writes one plain line for each event: "connlint: what happened".
func newLogger(w io.Writer, level zerolog.Level) zerolog.Logger {
	console := zerolog.ConsoleWriter{
		Out:          w,
		NoColor:      true,
		PartsExclude: []string{zerolog.TimestampFieldName},
		FormatLevel:  levelPrefix,
		FormatMessage: func(m any) string {
			s, _ := m.(string)
			return oneLine(s)
		},
	}
	return zerolog.New(console).Level(level)
}

// levelPrefix is how a line begins. Errors are what a reader expects on
// stderr, so they say no more than whose they are.
func levelPrefix(level any) string {
	if s, ok := level.(string); ok && s != zerolog.LevelErrorValue {
		return "connlint: " + s + ":"
	}
	return "connlint:"
}

// oneLine escapes what does not print: the name of a file may hold anything.
func oneLine(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
		} else {
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
	}
	return b.String()
}

// failed says why the job could not be done and returns the exit code.
func failed(log zerolog.Logger, err error) int {
	log.Error().Msg(err.Error())
	return exitFailed
}

// notWritten is the exit code where the report could not be written. A reader
// that went away (head, a pager) has what it wanted.
func notWritten(log zerolog.Logger, err error) int {
	if errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe) {
		return exitFailed
	}
	log.Error().Msgf("the report could not be written: %v", err)
	return exitFailed
}
