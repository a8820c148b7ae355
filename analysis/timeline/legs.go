package timeline

import (
	"slices"

	"connlint/reassembly"
	"connlint/reassembly/http1"
)

// leg is an empty one.
func (ps *paths) leg() *Leg {
	n := len(ps.spare)
	if n == 0 {
		return new(Leg)
	}
	l := ps.spare[n-1]
	ps.spare = ps.spare[:n-1]
	*l = Leg{Head: l.Head, ups: l.ups[:0]}
	return l
}

// add puts a leg at the end of its lists, and makes room.
func (ps *paths) add(l *Leg) {
	if l.prev = ps.last; l.prev != nil {
		l.prev.next = l
	} else {
		ps.first = l
	}
	ps.last = l
	ps.legs++
	ps.bytes += l.size
	ch := ps.open[l.key]
	if ch == nil {
		if n := len(ps.chains); n > 0 {
			ch, ps.chains = ps.chains[n-1], ps.chains[:n-1]
		} else {
			ch = new(chain)
		}
		ps.open[l.key] = ch
	}
	if l.above = ch.last; l.above != nil {
		l.above.below = l
	} else {
		ch.first = l
	}
	ch.last = l
	l.listed = true
	for ps.first != l && (ps.legs > ps.limit || ps.bytes > maxLegBytes) {
		ps.evicted++
		ps.abandon(ps.first)
	}
}

// unlist takes a leg from the open ones: nothing can carry it on any more.
func (ps *paths) unlist(l *Leg) {
	if !l.listed {
		return
	}
	l.listed = false
	ch := ps.open[l.key]
	if l.above != nil {
		l.above.below = l.below
	} else {
		ch.first = l.below
	}
	if l.below != nil {
		l.below.above = l.above
	} else {
		ch.last = l.above
	}
	l.above, l.below = nil, nil
	if ch.first == nil {
		delete(ps.open, l.key)
		ps.chains = append(ps.chains, ch)
	}
}

// drop takes a leg from all lists and keeps its memory.
func (ps *paths) drop(l *Leg) {
	ps.unlist(l)
	if l.prev != nil {
		l.prev.next = l.next
	} else {
		ps.first = l.next
	}
	if l.next != nil {
		l.next.prev = l.prev
	} else {
		ps.last = l.prev
	}
	ps.legs--
	ps.bytes -= l.size
	l.prev, l.next, l.owner, l.upstream = nil, nil, nil, nil
	if len(ps.spare) < maxSpare {
		ps.spare = append(ps.spare, l)
	}
}

// abandon gives a leg up, and with it the paths that it is part of.
func (ps *paths) abandon(l *Leg) {
	if k := l.owner; k != nil {
		if l.listed {
			k.gaps = append(k.gaps, gap{l.httpIndex, l.key})
			ps.gaps[l.key]++
		}
		k.legs = slices.DeleteFunc(k.legs, func(o *Leg) bool { return o == l })
		l.owner = nil
	}
	if d := l.down; d != nil {
		d.ups = slices.DeleteFunc(d.ups, func(o *Leg) bool { return o == l })
		d.lost = true // it was sent on, whatever else is known of that
		l.down = nil
		ps.settle(d)
	}
	for _, u := range l.ups {
		u.down = nil
		ps.free(u)
	}
	l.ups = l.ups[:0]
	ps.drop(l)
}

// abandonAll gives up what is under way on a connection.
func (ps *paths) abandonAll(k *tracked) {
	for len(k.legs) > 0 {
		ps.abandon(k.legs[0])
	}
}

// answer notes that a request's final response has begun.
func (ps *paths) answer(k *tracked, m *http1.Message) {
	if l := k.leg(m.Index); l != nil {
		l.answered = true
		ps.unlist(l)
	}
	ps.close(k, m.Index)
}

// close ends the gap of a transaction, if it left one.
func (ps *paths) close(k *tracked, index int) {
	for i, g := range k.gaps {
		if g.httpIndex == index {
			if ps.gaps[g.key]--; ps.gaps[g.key] == 0 {
				delete(ps.gaps, g.key)
			}
			k.gaps = slices.Delete(k.gaps, i, i+1)
			return
		}
	}
}

// leg is the one under way of the parser's transaction, nil if it is not kept.
func (k *tracked) leg(index int) *Leg {
	for _, l := range k.legs {
		if l.httpIndex == index {
			return l
		}
	}
	return nil
}

// over takes down how a request's transaction ended.
func (ps *paths) over(k *tracked, l *Leg, x *Transaction) {
	c := &k.conn
	l.Index, l.RequestEnd, l.Response, l.End = x.Index, x.RequestEnd, x.Response, x.End
	l.Products = c.Products
	if m := x.HTTP.Response; m != nil {
		l.Status = m.Start.Status
		l.Blind = lacks(m)
	}
	if m := x.HTTP.Request; m != nil {
		l.Body, l.RequestWhole = m.Body, m.End == http1.Complete
		l.Blind = l.Blind || lacks(m)
	}
	if x.Index == 1 {
		l.Setup = max(0, c.Handshake.Duration()-c.Handshake.Retry)
	}
	l.OneDirection = !c.Flow[reassembly.Client].Seen() || !c.Flow[reassembly.Server].Seen()
	l.Blind = l.Blind || x.HTTP.Doubt&^http1.InterimsDropped != 0
	switch x.HTTP.End {
	case http1.StillOpen, http1.Evicted, http1.CutByGap, http1.CutBySnaplen:
		l.Open = true
	}
	k.legs = slices.DeleteFunc(k.legs, func(o *Leg) bool { return o == l })
	l.over, l.kept, l.owner = true, k.kept, nil
	ps.unlist(l)
	down := l.down
	ps.settle(l)
	if down != nil {
		ps.settle(down)
	}
	ps.free(l)
}

// lacks reports whether the capture lacks bytes of the message.
func lacks(m *http1.Message) bool {
	return m.Missing > 0 || m.End == http1.CutByGap || m.End == http1.CutBySnaplen
}

// settle reports the paths of a leg once it and all that carry it on are over.
func (ps *paths) settle(l *Leg) {
	if !l.over || l.settled {
		return
	}
	for _, u := range l.ups {
		if !u.over {
			return
		}
	}
	l.settled = true
	if len(l.ups) == 0 {
		ps.stuck(l)
	}
	for i, u := range l.ups {
		p := Path{Down: l, Up: u, Kept: u.upstream, Verbatim: l.Same(&u.Head), Ambiguous: u.ambiguous,
			Tied: u.tied && !u.upstream.shared}
		if i > 0 {
			p.Before = l.ups[i-1]
		}
		ps.report(&p)
	}
	for _, u := range l.ups {
		u.down = nil
		ps.free(u)
	}
	l.ups = l.ups[:0]
	ps.free(l)
}

// stuck reports a request that was not sent on though the one before it on its
// connection was.
func (ps *paths) stuck(l *Leg) {
	u := l.kept
	if u == nil || l.lost || l.answered || l.Status != 0 {
		return
	}
	last := ps.hosts[proxyHost{u.Client.Host(), l.key.source}]
	ps.report(&Path{Down: l, Kept: u, Verbatim: u.verbatim, Alone: !last.IsZero() && last.Number() < l.Request.Number()})
}

func (ps *paths) report(p *Path) {
	p.Kept.look()
	p.Route = ps.routes.of(p.Down.Server, p.Kept, p.Down.key.source, ps.h.Route)
	p.Route.Paths++
	p.Route.introduce(p)
	ps.h.Path(p)
}

// free lets a leg go of which nothing more is expected.
func (ps *paths) free(l *Leg) {
	if l.over && l.settled && l.down == nil && !l.freed {
		l.freed = true
		ps.drop(l)
	}
}

// ended takes down how an upstream connection ended, before its record goes.
func (ps *paths) ended(k *tracked) {
	ps.abandonAll(k)
	for len(k.gaps) > 0 {
		ps.close(k, k.gaps[0].httpIndex)
	}
	if k.up != nil {
		k.up.look()
		k.up.conn = nil
	}
	k.up, k.kept, k.strayed = nil, nil, false
}
