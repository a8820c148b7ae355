package analysis

import (
	"cmp"
	"maps"
	"math"
	"math/bits"
	"slices"

	"connlint/analysis/timeline"
	"connlint/capture"
)

// Durations are many durations as a histogram of fixed buckets, 32 to each
// power of two, so that a percentile is right within 2 % and those of several
// workers merge by addition. It lasts for years: before a bucket runs over, all
// are halved. The zero value is empty.
type Durations struct {
	N    uint64
	Sum  int64 // ns
	Max  int64 // ns
	fine [durationBuckets]uint32
}

const (
	durationUnit    = int64(1e3) // 1 µs: below it a capture's clock tells nothing
	durationSteps   = 32
	durationBuckets = durationSteps * 30 // up to nine hours
)

// Add takes a duration in nanoseconds.
func (d *Durations) Add(ns int64) { d.addN(ns, 1) }

// addN takes n durations of ns nanoseconds.
func (d *Durations) addN(ns int64, n uint32) {
	d.N += uint64(n)
	d.Sum += ns * int64(n)
	d.Max = max(d.Max, ns)
	d.put(bucket(ns), n)
}

// put counts n durations more in a bucket. The past then counts for less than
// what comes, as it would for whoever watches for so long.
func (d *Durations) put(bucket int, n uint32) {
	for n > math.MaxUint32-d.fine[bucket] {
		d.halve()
		n -= n / 2
	}
	d.fine[bucket] += n
}

func (d *Durations) halve() {
	for i, n := range d.fine {
		d.fine[i] = max(n/2, min(n, 1)) // what occurred once still did
	}
}

// bucket is the number of the bucket that ns lies in: the exponent and the
// five bits behind the leading one.
func bucket(ns int64) int {
	u := uint64(max(ns, 0)/durationUnit) + durationSteps
	e := bits.Len64(u) - bits.Len64(durationSteps)
	return min(e*durationSteps+int(u>>e)-durationSteps, durationBuckets-1)
}

// floor is the least duration of a bucket in ns.
func floor(bucket int) int64 {
	e := bucket / durationSteps
	return (int64(bucket%durationSteps+durationSteps)<<e - durationSteps) * durationUnit
}

// Percentile is the duration that p of 100 do not exceed, in nanoseconds: the
// middle of its bucket, and never more than the longest.
func (d *Durations) Percentile(p int) int64 {
	all := uint64(0) // N, unless they were halved
	for _, n := range d.fine {
		all += uint64(n)
	}
	left := int64((all*uint64(p) + 99) / 100)
	for i, n := range d.fine {
		if left -= int64(n); left <= 0 && n > 0 {
			return min((floor(i)+floor(i+1))/2, d.Max)
		}
	}
	return d.Max
}

// Spent is where the time of transactions went. Each millisecond of a
// transaction has one cause, so that the causes add up to the whole; what ran
// side by side counts each.
type Spent struct {
	Time         timeline.Account
	Transactions Durations
	// Causes are the times that a cause took in those transactions in which
	// it took any.
	Causes [timeline.NumCauses]Durations
}

func (s *Spent) add(x *timeline.Transaction) {
	s.Time.Add(&x.Time)
	s.Transactions.Add(x.Duration())
	for cause, ns := range x.Time {
		if ns > 0 {
			s.Causes[cause].Add(ns)
		}
	}
}

// SpentAt is where the time of one server's transactions went.
type SpentAt struct {
	Server       capture.Endpoint
	Source       uint16
	Time         timeline.Account
	Transactions Durations
}

// Total is the time of all of its transactions, ns.
func (s *SpentAt) Total() int64 { return s.Transactions.Sum }

// maxServers is how many servers have an account of their own; those that
// come later share one. Each takes 4 kB.
const maxServers = 4096

type serverKey struct {
	server capture.Endpoint
	source uint16
}

// servers keep an account for each server.
type servers struct {
	of   map[serverKey]*SpentAt
	rest *SpentAt // of those beyond maxServers; nil if there are none
}

func (s *servers) add(c *timeline.Connection, x *timeline.Transaction) {
	key := serverKey{c.Server(), c.First.Source()}
	at := s.of[key]
	if at == nil {
		at = s.open(key)
	}
	at.Time.Add(&x.Time)
	at.Transactions.Add(x.Duration())
}

func (s *servers) open(key serverKey) *SpentAt {
	switch {
	case len(s.of) < maxServers:
		at := &SpentAt{Server: key.server, Source: key.source}
		s.of[key] = at
		return at
	case s.rest == nil:
		s.rest = &SpentAt{}
	}
	return s.rest
}

// Servers are the servers whose transactions took longest, at most n of them,
// and what all others took together, nil if there are none.
func (s *Summary) Servers(n int) (top []*SpentAt, rest *SpentAt) {
	all := slices.SortedFunc(maps.Values(s.servers.of), func(a, b *SpentAt) int {
		return cmp.Or(cmp.Compare(b.Total(), a.Total()), cmp.Compare(a.Source, b.Source), a.Server.Compare(b.Server))
	})
	rest = s.servers.rest
	if len(all) <= n {
		return all, rest
	}
	sum := SpentAt{}
	if rest != nil {
		sum = *rest
	}
	for _, at := range all[n:] {
		sum.Time.Add(&at.Time)
		sum.Transactions.merge(&at.Transactions)
	}
	return all[:n], &sum
}

// merge adds what o holds. If both must be halved for it, they are halved alike:
// neither may outweigh the other.
func (d *Durations) merge(o *Durations) {
	d.N += o.N
	d.Sum += o.Sum
	d.Max = max(d.Max, o.Max)
	more := *o
	for i := range more.fine {
		if more.fine[i] > math.MaxUint32-d.fine[i] {
			d.halve()
			more.halve()
			break // the halves of two numbers add up to no more than the largest
		}
	}
	for i, n := range more.fine {
		d.fine[i] += n
	}
}

// Charged is the time that the findings of a rule explain: no millisecond is
// charged to two rules, since each has one cause and a rule says which causes
// are its own.
type Charged struct {
	Time   int64     // ns
	Events Durations // of the single events of a finding, on average
}

func (s *Summary) charge(f *Finding) {
	if len(f.Rule.Causes) == 0 {
		return
	}
	c := s.Charged[f.Rule.Name]
	if c == nil {
		c = &Charged{}
		s.Charged[f.Rule.Name] = c
	}
	c.Time += f.Lost.Time - f.Outside
	c.Events.addN(f.Lost.Time/int64(f.Count), uint32(f.Count))
}
