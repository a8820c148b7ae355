package http1

import "bytes"

// StartLine is the first line of a message: a request line (RFC 9112 §3) or a
// status line (§4). Its slices are valid as long as the message.
type StartLine struct {
	Method, Target []byte // of a request
	Status         int    // of a response, 100 to 999
	Reason         []byte
	Major, Minor   int // the version: HTTP/0.9 has no version in its one line
	// Raw is the line as sent without its line end. Of a message that was cut
	// before the line was whole it is what there is of it; then the method
	// or the status is set if it is certain, the target as far as it goes.
	Raw []byte
}

// AtLeast reports whether the version is major.minor or later.
func (s *StartLine) AtLeast(major, minor int) bool {
	return s.Major > major || s.Major == major && s.Minor >= minor
}

const maxMethod = 32 // the longest in the IANA registry has 17 letters

// trimLine removes the line end.
func trimLine(line []byte) (trimmed []byte, bareLF bool) {
	n := len(line)
	if n > 0 && line[n-1] == '\n' {
		n--
		if n > 0 && line[n-1] == '\r' {
			return line[:n-1], false
		}
		return line[:n], true
	}
	return line, false
}

// parseRequestLine takes a whole line without its end. simple allows the
// version to be absent, as in HTTP/0.9 (RFC 1945 §5).
func parseRequestLine(line []byte, simple bool) (s StartLine, flaws Flaws, ok bool) {
	sp := bytes.IndexByte(line, ' ')
	if sp <= 0 || sp > maxMethod {
		return s, 0, false
	}
	s.Raw, s.Method = line, line[:sp]
	rest := bytes.TrimRight(line[sp+1:], " ")
	if i := bytes.LastIndexByte(rest, ' '); i > 0 {
		var good bool
		s.Major, s.Minor, good, ok = parseVersion(rest[i+1:])
		if ok {
			s.Target = rest[:i]
			if bytes.IndexByte(s.Target, ' ') >= 0 {
				flaws |= MalformedTarget
			}
			if !good {
				flaws |= MalformedVersion
			}
			return s, flaws, true
		}
	}
	if simple && string(s.Method) == "GET" && len(rest) > 0 && rest[0] == '/' && bytes.IndexByte(rest, ' ') < 0 {
		s.Target, s.Major, s.Minor = rest, 0, 9
		return s, 0, true
	}
	return s, 0, false
}

// parseVersion takes HTTP/1.1 and its like. ok is whether it is a version at
// all, good whether it is one that exists here. HTTP/1.10 is one more than
// HTTP/1.9 to the standard before RFC 7230, and an error since.
func parseVersion(b []byte) (major, minor int, good, ok bool) {
	if len(b) < 8 || string(b[:5]) != "HTTP/" {
		return 0, 0, false, false
	}
	dot := bytes.IndexByte(b, '.')
	if dot < 0 {
		return 0, 0, false, false
	}
	x, ok1 := parseDecimal(b[5:dot])
	y, ok2 := parseDecimal(b[dot+1:])
	if !ok1 || !ok2 || dot > 8 || len(b)-dot > 4 {
		return 0, 0, false, false
	}
	return int(x), int(y), x == 1 && y <= 1 && len(b) == 8, true
}

// parseStatusLine takes a whole line without its end that statusViable
// accepts.
func parseStatusLine(line []byte) (s StartLine, flaws Flaws, ok bool) {
	sp := bytes.IndexByte(line, ' ')
	if sp < 0 {
		return s, 0, false
	}
	s.Raw = line
	var good bool
	if s.Major, s.Minor, good, ok = parseVersion(line[:sp]); !ok {
		return s, 0, false
	}
	if !good {
		flaws |= MalformedVersion
	}
	code := bytes.TrimLeft(line[sp:], " ")
	n, isNumber := parseDecimal(code[:min(3, len(code))])
	if !isNumber || n < 100 {
		return s, 0, false
	}
	s.Status = int(n)
	s.Reason = bytes.TrimLeft(code[3:], " ")
	return s, flaws, true
}

// partialStart reads what is certain of a start line that is not whole.
func partialStart(dir Direction, raw []byte) StartLine {
	s := StartLine{Raw: raw}
	if dir == Request {
		s.Method, s.Target, _ = bytes.Cut(raw, []byte{' '})
		s.Target, _, _ = bytes.Cut(s.Target, []byte{' '})
		return s
	}
	if v, _ := statusViable(raw); v == certain {
		s, _, _ = parseStatusLine(raw)
	}
	return s
}

// viability is what the first bytes of a possible start line say.
type viability uint8

const (
	viable    viability = iota // may become one
	certain                    // is one, but for the rest of its line
	notViable                  // cannot become one
)

// statusPrefix is longer than every prefix of a status line that is not
// certain yet: "HTTP/999.999    999 ".
const statusPrefix = 24

// statusViable judges the first bytes of a possible status line, and how many
// of them fit. Since 'H' stands only at the front, a prefix that fails holds no
// other start of a status line.
func statusViable(b []byte) (viability, int) {
	const name = "HTTP/"
	i := 0
	for ; i < len(name); i++ {
		if i == len(b) {
			return viable, i
		}
		if b[i] != name[i] {
			return notViable, i
		}
	}
	for _, end := range [...]byte{'.', ' '} {
		var v viability
		if v, i = numberViable(b, i, end); v != certain {
			return v, i
		}
	}
	for spaces := 1; i < len(b) && b[i] == ' ' && spaces < 4; spaces++ {
		i++
	}
	for digits := 0; digits < 3; digits++ {
		if i == len(b) {
			return viable, i
		}
		if !isDigit(b[i]) || digits == 0 && b[i] == '0' {
			return notViable, i
		}
		i++
	}
	if i == len(b) {
		return viable, i
	}
	if b[i] != ' ' && b[i] != '\r' && b[i] != '\n' {
		return notViable, i
	}
	return certain, i
}

// numberViable takes up to three digits from b[i] on and what ends them.
func numberViable(b []byte, i int, end byte) (viability, int) {
	start := i
	for i < len(b) && isDigit(b[i]) && i < start+3 {
		i++
	}
	switch {
	case i == len(b):
		return viable, i
	case i == start || b[i] != end:
		return notViable, i
	}
	return certain, i + 1
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// requestViable judges the first bytes of a possible request line, of which
// those before from have been judged before. strict asks for a method in
// capitals, as all registered ones are: behind a hole or a body, plain text
// must not pass for a request.
func requestViable(b []byte, from int, strict bool) bool {
	sp := 0
	for ; sp < len(b) && b[sp] != ' '; sp++ {
		if sp == maxMethod || !isToken(b[sp]) {
			return false
		}
		if strict && (b[sp] < 'A' || b[sp] > 'Z') && (sp == 0 || b[sp] != '-') {
			return false
		}
	}
	if sp == len(b) {
		return true
	}
	if sp == 0 || strict && sp < 3 {
		return false
	}
	for i := max(from, sp+1); i < len(b); i++ {
		if c := b[i]; c < ' ' && c != '\t' && c != '\r' && c != '\n' || c == 0x7f {
			return false
		}
	}
	return true
}

// knownMethod reports whether m is a method in common use: enough to take a
// line for a request before its end has come.
func knownMethod(m []byte) bool {
	switch string(m) {
	case "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
		"PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "REPORT", "SEARCH":
		return true
	}
	return false
}
