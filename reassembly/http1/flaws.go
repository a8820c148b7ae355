package http1

import "strings"

// Flaws are what is wrong with a message as it was sent. None of them stops
// the parser.
type Flaws uint32

// The flaws.
const (
	LengthAndTransferEncoding Flaws = 1 << iota // both fields: Transfer-Encoding counts (RFC 9112 §6.3)
	ConflictingLength                           // Content-Lengths that differ: the first counts
	RepeatedLength                              // the same Content-Length more than once
	MalformedLength                             // a Content-Length that is no number below 2^63
	ChunkedNotLast                              // Transfer-Encoding without chunked as its one last coding
	TransferEncodingInHTTP10                    // faulty framing by RFC 9112 §6.1
	BodyWhereNoneAllowed                        // Content-Length or Transfer-Encoding in 1xx, 204 or 2xx to CONNECT
	BareLF                                      // a line ends in LF alone (RFC 9112 §2.2)
	ObsFold                                     // a field value goes on in the next line (RFC 9112 §5.2)
	LeadingCRLF                                 // line ends before the start line (RFC 9112 §2.2)
	TrailingCRLF                                // a line end behind a request's body, counted nowhere
	WhitespaceBeforeColon                       // RFC 9112 §5.1: a known way to smuggle requests
	MalformedField                              // a line of the head that is no field, or a name that is no token
	MalformedVersion                            // not HTTP/1.0 or HTTP/1.1
	MalformedTarget                             // a request target with a space in it
	TooManyFields                               // fields beyond the limit were not looked at
	HeadTooLarge                                // the head beyond the limit was not looked at
	TrailerTooLarge                             // the trailers beyond the limit were not looked at
	ChunkSizeMalformed                          // a chunk-size line without a size
	ChunkSizeOverflow                           // a chunk size of 2^63 or more
	ChunkSizeWrong                              // no line end where the chunk's data should end, or the last chunk inside of them
	Headless                                    // a response without a status line to a request of HTTP/1.x
	ProxyPreface                                // a PROXY protocol header before the request: no flaw of HTTP
	PresumedHEAD                                // a response to an unseen request, the next status line in place of its body
	ChunkLineTooLong                            // a chunk-size line beyond the limit: what follows was not followed
)

// Has reports whether all of the flaws in want are set.
func (f Flaws) Has(want Flaws) bool { return f&want == want }

// String lists the flaws in words, separated by commas.
func (f Flaws) String() string {
	names := [...]string{"length and transfer-encoding", "conflicting length", "repeated length",
		"malformed length", "chunked not last", "transfer-encoding in HTTP/1.0", "body where none allowed",
		"bare LF", "obsolete folding", "leading CRLF", "trailing CRLF", "whitespace before colon",
		"malformed field", "malformed version", "malformed target", "too many fields", "head too large",
		"trailer too large", "chunk size malformed", "chunk size overflow", "chunk size wrong", "headless",
		"PROXY preface", "presumed HEAD", "chunk line too long"}
	var b strings.Builder
	for i, name := range names {
		if f&(1<<i) == 0 {
			continue
		}
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		b.WriteString(name)
	}
	return b.String()
}
