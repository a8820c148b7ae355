package capture

import (
	"fmt"
	"strings"
)

// Error says what is wrong with a capture, where, and what to do about it.
// It prints as one line.
type Error struct {
	Path   string // the file as the user named it; "-" is standard input
	Packet uint64 // number of the packet that could not be read; 0: before or beside the packets
	Offset int64  // byte offset in the (decompressed) file; 0 if it means nothing
	Err    error  // what is wrong, in lower case
	Hint   string // what to do; may be empty
}

func (e *Error) Error() string {
	var b strings.Builder
	if e.Path == "" {
		b.WriteString(`""`)
	}
	b.WriteString(e.Path)
	if e.Packet > 0 {
		fmt.Fprintf(&b, ": packet %d", e.Packet)
	}
	if e.Offset > 0 {
		fmt.Fprintf(&b, ": byte %d", e.Offset)
	}
	fmt.Fprintf(&b, ": %v", e.Err)
	if e.Hint != "" {
		b.WriteString("; " + e.Hint)
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }
