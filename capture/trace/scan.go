package trace

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// line is one line of a trace, cut into words.
type line struct {
	words   []string // quoted ones with their quotes
	comment string
	marked  bool // there is a comment, if an empty one
}

// scan cuts text into words at spaces and tabs, outside quotes; the words are
// parts of text. It reuses l's memory.
func (l *line) scan(text string) error {
	l.words, l.comment, l.marked = l.words[:0], "", false
	if !utf8.ValidString(text) {
		return errors.New("the line is not UTF-8; write other bytes as \\x00 in quotes")
	}
	text = strings.TrimSuffix(text, "\r")
	for {
		text = strings.TrimLeft(text, " \t")
		switch {
		case text == "":
			return nil
		case text[0] == '#':
			l.comment, l.marked = strings.TrimSpace(text[1:]), true
			return nil
		case text[0] == '"':
			quoted, err := strconv.QuotedPrefix(text)
			if err != nil {
				return errors.New("a quoted text does not end, or has an escape that Go does not know")
			}
			l.words = append(l.words, quoted)
			text = text[len(quoted):]
			if text != "" && !strings.ContainsRune(" \t#", rune(text[0])) {
				return fmt.Errorf("a space is missing behind %.40s", quoted)
			}
		default:
			end := strings.IndexAny(text, " \t#\"")
			if end < 0 {
				end = len(text)
			}
			l.words = append(l.words, text[:end])
			text = text[end:]
		}
	}
}
