package analysis

import (
	"cmp"
	"slices"

	"connlint/analysis/timeline"
	"connlint/capture"
	"connlint/reassembly"
)

// PairRow is what one client address and one server endpoint had with each
// other, over the whole run.
type PairRow struct {
	Client, Server capture.Endpoint // Client has port 0
	Source         uint16
	Connections    uint64
	Transactions   uint64
	PeakBusy       int   // connections with a transaction under way at one time
	Time           int64 // of all transactions, ns; parallel ones count each
	PeakOpens      int   // connections opened within one second
	IdleCloses     IdleCloses
	PeakTimeWait   int // sockets in TIME-WAIT at the client, as far as the capture shows
}

// Reuse is the share of the transactions that found a connection open, 0 to 1.
func (r *PairRow) Reuse() float64 {
	if r.Transactions <= r.Connections {
		return 0
	}
	return float64(r.Transactions-r.Connections) / float64(r.Transactions)
}

// before is a total order: the pairs with most connections first.
func (r *PairRow) before(o *PairRow) int {
	return cmp.Or(cmp.Compare(o.Connections, r.Connections), cmp.Compare(o.Transactions, r.Transactions),
		cmp.Compare(o.Time, r.Time), r.Client.Compare(o.Client), r.Server.Compare(o.Server), cmp.Compare(r.Source, o.Source))
}

// maxRows is how many pairs the table keeps when it is cut, which it is at
// twice that. A pair that was given up with few connections and came back may
// be missing a part.
const maxRows = 1024

// pairTable has the pairs of a run that opened most connections.
type pairTable struct {
	rows map[rowKey]*PairRow
	last *PairRow // the last that was kept when the table was cut; nil: it never was
	time []int64  // of the pairs being followed, by slot
	// closes are those of the pairs being followed, by slot; nil: none yet.
	closes []*IdleCloses
}

type rowKey struct {
	client, server capture.Endpoint
	source         uint16
}

// spend adds the time of a transaction, ns.
func (t *pairTable) spend(p *timeline.Pair, ns int64) {
	for p.Slot() >= len(t.time) {
		t.time = append(t.time, 0)
	}
	t.time[p.Slot()] += ns
}

// pair takes a pair that is over.
func (t *pairTable) pair(p *timeline.Pair) {
	part := PairRow{Client: p.Client, Server: p.Server, Source: p.Source,
		Connections: uint64(p.Connections), Transactions: uint64(p.Transactions), PeakBusy: p.HighestBusy()}
	if p.Slot() < len(t.time) {
		part.Time = t.time[p.Slot()]
		t.time[p.Slot()] = 0
	}
	r := t.row(&part)
	t.closed(p, r)
	if r != nil {
		r.Connections += part.Connections
		r.Transactions += part.Transactions
		r.Time += part.Time
		r.PeakBusy = max(r.PeakBusy, part.PeakBusy)
	}
}

// host takes what a client left behind; its pair may come later.
func (t *pairTable) host(h *timeline.Host) {
	if h.Role != reassembly.Client {
		return
	}
	part := PairRow{Client: h.Address, Server: h.Service, Source: h.Source, Connections: h.Opened, Transactions: h.Requests}
	if r := t.row(&part); r != nil {
		r.PeakOpens = max(r.PeakOpens, h.Series.Opened(1e9).N)
		r.PeakTimeWait = max(r.PeakTimeWait, h.Series.Waiting(h.Stack().TimeWait).N)
	}
}

// row is the row that a part of a pair belongs to; nil if the table is full of
// pairs that come before it.
func (t *pairTable) row(part *PairRow) *PairRow {
	key := rowKey{part.Client, part.Server, part.Source}
	if r := t.rows[key]; r != nil {
		return r
	}
	if t.last != nil && part.before(t.last) > 0 {
		return nil
	}
	if t.rows == nil {
		t.rows = map[rowKey]*PairRow{}
	}
	if len(t.rows) >= 2*maxRows {
		all := t.sorted()
		t.last = all[maxRows-1]
		for _, r := range all[maxRows:] {
			delete(t.rows, rowKey{r.Client, r.Server, r.Source})
		}
	}
	r := &PairRow{Client: part.Client, Server: part.Server, Source: part.Source}
	t.rows[key] = r
	return r
}

func (t *pairTable) sorted() []*PairRow {
	all := make([]*PairRow, 0, len(t.rows))
	for _, r := range t.rows {
		all = append(all, r)
	}
	slices.SortFunc(all, (*PairRow).before)
	return all
}

// TopPairs are the n pairs that opened most connections.
func (s *Summary) TopPairs(n int) []*PairRow {
	all := s.table.sorted()
	return all[:min(n, len(all))]
}
