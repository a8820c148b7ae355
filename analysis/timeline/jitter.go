package timeline

// jitter is how late a host answers beyond the shortest round trip to it: a
// histogram of half milliseconds up to 25. It is kept for each address pair,
// since a connection with one exchange has no sample of its own.
type jitter struct {
	n     [jitterSteps]uint16
	total uint16
}

const (
	jitterStep  = int64(500e3)
	jitterSteps = 50 // beyond 25 ms it is a delayed ACK or an application
)

// add takes a round trip of d ns above the shortest.
func (j *jitter) add(d int64) {
	i := d / jitterStep
	if d < 0 || i >= jitterSteps {
		return
	}
	if j.total == 1<<15 { // old samples fade
		j.total = 0
		for i := range j.n {
			j.n[i] /= 2
			j.total += j.n[i]
		}
	}
	j.n[i]++
	j.total++
}

// p75 is the upper end of the step that three quarters of the samples reach, ns.
func (j *jitter) p75() int64 {
	if j.total < 4 {
		return 0
	}
	left := int(j.total) * 3 / 4
	for i, n := range j.n {
		if left -= int(n); left < 0 {
			return int64(i) * jitterStep
		}
	}
	return jitterSteps * jitterStep
}

// tolerance is how long after the ACK that let it go a segment may leave, ns:
// hosts wake up late. Between 0.5 and 30 ms the verdicts on the lab's captures
// hardly change; far hosts on a loaded machine need the adaptive part.
//
// Where the clock ticks coarsely, both stamps are up to a tick late: two ticks
// of tick ns, 0 if it is fine, are the least that means anything.
func (j *jitter) tolerance(rtt, tick int64) int64 {
	return max(min(max(2e6, rtt/10, 2*j.p75()), most), 2*tick)
}

// most is how late a host may wake up and still be believed to answer an ACK,
// ns.
const most = int64(15e6)

// CoarsestTick is the longest tick of a capture's clock with which causes are
// still told apart, ns: two of them are no more than the tolerance may come to
// with a fine clock.
const CoarsestTick = most / 2
