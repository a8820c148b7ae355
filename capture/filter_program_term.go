package capture

import (
	"math"

	"golang.org/x/net/bpf"
)

// expression asks the filter about a TCP packet of one of the families.
func (p *program) expression(six bool) place {
	if p.filter == nil {
		return p.pass
	}
	return p.term(&p.filter.root, six, p.pass, p.drop)
}

// term goes on at yes or no. What the family decides takes no instruction.
func (p *program) term(n *term, six bool, yes, no place) place {
	switch n.op {
	case single:
		return p.test(&n.test, six, yes, no)
	case noneOf:
		return p.term(&n.kids[0], six, no, yes)
	}
	for i := len(n.kids) - 1; i >= 0; i-- {
		if n.op == allOf {
			yes = p.term(&n.kids[i], six, yes, no)
		} else {
			no = p.term(&n.kids[i], six, yes, no)
		}
	}
	if n.op == allOf {
		return yes
	}
	return no
}

// test is one primitive.
func (p *program) test(t *test, six bool, yes, no place) place {
	switch {
	case t.subject == onAll, t.subject == onFamily && t.six == six:
		return yes
	case t.subject == onFamily, t.subject == onAddress && t.six != six:
		return no
	}
	switch t.side {
	case sourceEnd:
		return p.end(t, six, true, yes, no)
	case destinationEnd:
		return p.end(t, six, false, yes, no)
	case bothEnds:
		return p.end(t, six, true, p.end(t, six, false, yes, no), no)
	}
	return p.end(t, six, true, yes, p.end(t, six, false, yes, no))
}

// end asks a primitive of one end of a packet.
func (p *program) end(t *test, six, source bool, yes, no place) place {
	switch {
	case t.subject == onAddress && six:
		at := uint32(24)
		if source {
			at = 8
		}
		for i, words := 3, t.words(); i >= 0; i-- {
			yes = p.masked(p.net+at+4*uint32(i), words[i], yes, no)
		}
		return yes
	case t.subject == onAddress:
		at := uint32(16)
		if source {
			at = 12
		}
		return p.masked(p.net+at, t.words()[3], yes, no)
	}
	at := uint32(2)
	if source {
		at = 0
	}
	if t.from == t.to {
		return p.before(p.branch(bpf.JumpEqual, uint32(t.from), yes, no), p.loadPort(at, six))
	}
	most := p.branch(bpf.JumpGreaterThan, uint32(t.to), no, yes)
	return p.before(p.branch(bpf.JumpGreaterOrEqual, uint32(t.from), most, no), p.loadPort(at, six))
}

// maskedWord is 32 bits of an address and which of them count.
type maskedWord struct{ want, mask uint32 }

// words is the address of a test in the order of the wire. IPv4 is the last.
func (t *test) words() [4]maskedWord {
	w, m := t.want, t.mask
	return [4]maskedWord{
		{uint32(w.hi >> 32), uint32(m.hi >> 32)}, {uint32(w.hi), uint32(m.hi)},
		{uint32(w.lo >> 32), uint32(m.lo >> 32)}, {uint32(w.lo), uint32(m.lo)},
	}
}

// masked compares four bytes of the packet.
func (p *program) masked(at uint32, w maskedWord, yes, no place) place {
	if w.mask == 0 {
		return yes
	}
	next := p.branch(bpf.JumpEqual, w.want, yes, no)
	if w.mask != math.MaxUint32 {
		next = p.before(next, bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: w.mask})
	}
	return p.before(next, bpf.LoadAbsolute{Off: at, Size: 4})
}
