package capture

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// input is what the readers of all formats have in common: the bytes, the
// name they are complained about under, and the count of packets read.
type input struct {
	*block
	taken   *taken
	name    string
	closers []io.Closer // in the order they were opened
	packets uint64      // yielded so far
	err     error       // what reading ended with: it is returned for ever
}

// Close frees what lies under the reader, the innermost first.
func (in *input) Close() error {
	var errs []error
	for i := len(in.closers) - 1; i >= 0; i-- {
		errs = append(errs, in.closers[i].Close())
	}
	in.closers = nil
	if in.err == nil {
		in.err = &Error{Path: in.name, Err: fs.ErrClosed}
	}
	return errors.Join(errs...)
}

const (
	hintCut     = "the capture was cut short (disk full, copied too early, or its writer killed)"
	hintDamaged = "the file is damaged from here on"
)

// refuse is for what is wrong before the first packet can be looked for.
func (in *input) refuse(err error, hint string) error {
	return &Error{Path: in.name, Offset: in.offset(), Err: err, Hint: hint}
}

// fail ends the reading at the record that starts at the current offset.
func (in *input) fail(err error, hint string) *Error {
	e := &Error{Path: in.name, Packet: in.packets + 1, Offset: in.offset(), Err: err, Hint: hint}
	in.err = e
	return e
}

// ended ends the reading where fewer bytes came than were asked for. It is a
// clean end if none came at all.
func (in *input) ended(got []byte, want int, what string, err error) error {
	if len(got) == 0 && err == io.EOF {
		in.err = io.EOF
		return io.EOF
	}
	hint, cause := in.shortage(got, want, what, err)
	return in.fail(cause, hint)
}

// shortage puts into words why want bytes of something were not to be had.
func (in *input) shortage(got []byte, want int, what string, err error) (hint string, cause error) {
	if err == io.EOF {
		return hintCut, fmt.Errorf("the file ends inside %s: %d of its %d bytes are there", what, len(got), want)
	}
	if _, ok := errors.AsType[*streamError](err); ok {
		return "what could be decompressed was read", err
	}
	return "", unread(err)
}

// unread is an error of the operating system in the middle of a file. The
// path in it would be said twice.
func unread(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("cannot be read: %w", p.Err)
	}
	if _, ok := errors.AsType[*streamError](err); ok {
		return err
	}
	return fmt.Errorf("cannot be read: %w", err)
}
