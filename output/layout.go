package output

import (
	"strings"
	"unicode/utf8"
)

// width is how many columns a text report keeps to. Only a name that has no
// space goes beyond it, since broken it could not be found again.
const width = 100

// style is how a few words of a text report stand out on a terminal: an SGR
// parameter (ECMA-48 §8.3.117). They say nothing that the words do not.
type style string

// The styles.
const (
	plain style = ""
	bold  style = "1"
	alarm style = "1;31" // bold red
	amber style = "33"
	faint style = "36" // cyan: grey is unreadable on some backgrounds
)

// paint puts text into a style, if the report has colour. It comes after the
// text was laid out: what it adds takes no columns.
func (t *textWriter) paint(s style, text string) string {
	if !t.options.Color || s == plain || text == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

// columns is how wide text is.
func columns(text string) int { return utf8.RuneCountInString(text) }

// pad fills text up to n columns.
func pad(text string, n int) string {
	return text + strings.Repeat(" ", max(0, n-columns(text)))
}

// glue stands for a space at which no line is broken. Nothing that is printed
// holds it by itself: it is a control character.
const glue = "\x1f"

// glued is text whose settings, which stand in backquotes, are not broken:
// they are there to be copied.
func glued(text string) string {
	parts := strings.Split(text, "`")
	if len(parts)%2 == 0 {
		return text // one has no end
	}
	for i := 1; i < len(parts); i += 2 {
		if columns(parts[i]) <= width/2 {
			parts[i] = strings.ReplaceAll(parts[i], " ", glue)
		}
	}
	return strings.Join(parts, "`")
}

// wrap is Wrap for text that holds glue.
func wrap(text string, most int) []string {
	lines := Wrap(text, most)
	for i := range lines {
		lines[i] = strings.ReplaceAll(lines[i], glue, " ")
	}
	return lines
}

// Wrap breaks text into lines of at most that many columns at its spaces; a word
// that is longer stays whole. All white space counts as one space.
func Wrap(text string, most int) []string {
	var lines []string
	line, used := "", 0
	for word := range strings.FieldsSeq(text) {
		n := columns(word)
		if used > 0 && used+1+n > most {
			lines = append(lines, line)
			line, used = "", 0
		}
		if used > 0 {
			line += " "
			used++
		}
		line += word
		used += n
	}
	return append(lines, line)
}

// block prints text at an indentation, further lines of it as far in.
func (t *textWriter) block(indent int, text string) {
	for _, line := range wrap(text, width-indent) {
		t.printf("%*s%s\n", indent, "", line)
	}
}

// item prints "label: text" at an indentation, further lines below the text.
// The first n bytes of the text, which hold no more than one line does, are
// in the style.
func (t *textWriter) item(indent int, label, text string, s style, n int) {
	if text == "" {
		return
	}
	label += ": "
	for i, line := range wrap(text, width-indent-len(label)) {
		if i == 0 {
			n = min(n, len(line))
			t.printf("%*s%s%s%s\n", indent, "", label, t.paint(s, line[:n]), line[n:])
			continue
		}
		t.printf("%*s%s\n", indent+len(label), "", line)
	}
}
