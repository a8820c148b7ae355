package ruletest

import (
	"cmp"
	"slices"

	"connlint/capture"
)

// owners tells whose a packet is.
type owners struct {
	byID   map[place]*Connection
	byEnds map[ends][]*Connection // in the order of their first packets
}

// ends are the two ends of a connection in one source, the smaller first: who
// is the client may be found out late.
type ends struct {
	source uint16
	a, b   capture.Endpoint
}

func endsOf(source uint16, pair [2]capture.Endpoint) ends {
	if pair[0].Compare(pair[1]) > 0 {
		pair[0], pair[1] = pair[1], pair[0]
	}
	return ends{source, pair[0], pair[1]}
}

func newOwners(connections []Connection) owners {
	o := owners{map[place]*Connection{}, map[ends][]*Connection{}}
	for i := range connections {
		c := &connections[i]
		o.byID[placeOf(c.First)] = c
		key := endsOf(c.First.Source(), c.Ends)
		o.byEnds[key] = append(o.byEnds[key], c)
	}
	for _, list := range o.byEnds {
		slices.SortFunc(list, func(a, b *Connection) int { return cmp.Compare(a.First.Number(), b.First.Number()) })
	}
	return o
}

// of is the connection that a packet belongs to: of those between its ends
// the latest that had begun. nil: none.
func (o owners) of(f capture.Frame, p packet) *Connection {
	var owner *Connection
	for _, c := range o.byEnds[endsOf(f.Source(), p.ends)] {
		if c.First.Number() > f.Number() {
			break
		}
		owner = c
	}
	return owner
}
