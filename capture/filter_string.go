package capture

import (
	"strconv"
	"strings"
)

// String is the filter with every word and the parentheses that it needs.
// [ParseFilter] reads it, and so does tcpdump. It is "tcp" for a nil Filter.
func (f *Filter) String() string {
	if f == nil {
		return "tcp"
	}
	var b strings.Builder
	f.root.write(&b)
	return b.String()
}

func (n *term) write(b *strings.Builder) {
	if n.op == single {
		b.WriteString(n.test.String())
		return
	}
	for i := range n.kids {
		switch {
		case n.op == noneOf:
			b.WriteString("not ")
		case i > 0 && n.op == allOf:
			b.WriteString(" and ")
		case i > 0:
			b.WriteString(" or ")
		}
		// And and or bind equally and to the left, so that the first needs no
		// parentheses, and what is printed is no deeper than what was read.
		chain := n.kids[i].op == allOf || n.kids[i].op == anyOf
		if chain = chain && (i > 0 || n.op == noneOf); chain {
			b.WriteByte('(')
		}
		n.kids[i].write(b)
		if chain {
			b.WriteByte(')')
		}
	}
}

func (t *test) String() string {
	side := [...]string{"", "src ", "dst ", "src and dst "}[t.side]
	switch {
	case t.subject == onAll:
		return "tcp"
	case t.subject == onFamily && t.six:
		return "ip6"
	case t.subject == onFamily:
		return "ip"
	case t.subject == onAddress && t.prefix.IsSingleIP():
		return side + "host " + t.prefix.Addr().String()
	case t.subject == onAddress:
		return side + "net " + t.prefix.String()
	case t.from == t.to:
		return side + "port " + strconv.Itoa(int(t.from))
	}
	return side + "portrange " + strconv.Itoa(int(t.from)) + "-" + strconv.Itoa(int(t.to))
}
