package main

import (
	"regexp"
	"strings"

	"connlint/output"
)

// item is the start of a list's item: its mark, and how far its lines are
// set in.
var item = regexp.MustCompile(`^ *([-*]|[0-9]+\.) +`)

// page is a rule's page in lines of at most [columns] characters. Prose is
// filled anew; blocks of code, tables and headings stay as they are.
func page(doc string) string {
	var b strings.Builder
	var prose []string
	code := false
	flush := func() {
		if len(prose) > 0 {
			b.WriteString(filled(prose))
			prose = nil
		}
	}
	for line := range strings.Lines(strings.TrimRight(doc, "\n") + "\n") {
		line = strings.TrimRight(line, "\r\n")
		fence := strings.HasPrefix(strings.TrimSpace(line), "```")
		if code || fence || line == "" || line[0] == '#' || line[0] == '|' {
			flush()
			b.WriteString(line + "\n")
			code = code != fence
			continue
		}
		if item.MatchString(line) {
			flush()
		}
		prose = append(prose, line)
	}
	flush()
	return b.String()
}

// filled is a paragraph, or one item of a list, in lines of full width.
func filled(lines []string) string {
	mark := item.FindString(lines[0])
	lines[0] = lines[0][len(mark):]
	margin := strings.Repeat(" ", len(mark))
	text := output.Wrap(strings.Join(lines, " "), columns-len(mark))
	return mark + strings.Join(text, "\n"+margin) + "\n"
}
