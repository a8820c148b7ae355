package analysis

import (
	"slices"

	"connlint/analysis/timeline"
	"connlint/capture"
	"connlint/reassembly"
)

// Finding is one thing that is wrong, with its proof and its price.
type Finding struct {
	Rule     *Rule
	Severity Severity
	// Confidence is from 0 to 1; Reasons say what lowered it.
	Confidence float64
	Reasons    []string
	Culprit    Role
	Subject    Subject
	Message    string // one sentence, figures included
	Fix        string // what to change, for the software that was seen where it is known; one sentence
	Count      int    // single events
	Lost       Cost   // what the subject lost
	Saved      Cost   // what fixing it would save
	Outside    int64  // ns, of Lost.Time, what lies outside transactions and so outside the account
	Measures   []Measure
	Evidence   Evidence
	Caveats    reassembly.Caveats
}

// Cost is a price in four coins.
type Cost struct {
	Time        int64 // ns
	RoundTrips  int
	Connections int
	Bytes       uint64
}

// Add adds o.
func (c *Cost) Add(o Cost) {
	c.Time += o.Time
	c.RoundTrips += o.RoundTrips
	c.Connections += o.Connections
	c.Bytes += o.Bytes
}

// Measure is a value that a verdict rests on, with the threshold it was held
// against, both in Unit.
type Measure struct {
	Name             string
	Value, Threshold float64
	Unit             string
}

// SubjectKind is what a finding is about.
type SubjectKind uint8

// The kinds of subject.
const (
	OfTransaction SubjectKind = iota + 1
	OfConnection
	OfPair // a client address and a server endpoint
	OfHost
	OfPath // the connections on both sides of a proxy: of a client with it, of it with a server
)

// String is the kind as it stands in reports.
func (k SubjectKind) String() string {
	return [...]string{"", "transaction", "connection", "pair", "host", "path"}[k]
}

// Subject is what a finding is about and the stretch of time that it covers.
type Subject struct {
	Kind SubjectKind
	// Connections are IDs, at most MaxSubjects of them; Omitted is how many
	// more there are.
	Connections []uint64
	Omitted     int
	Transaction int // its index, of a transaction
	Source      uint16
	// Client and Server are the endpoints; of a pair Client has port 0.
	Client, Server capture.Endpoint
	From, To       int64 // ns since the epoch
}

// MaxSubjects is how many connections a finding names.
const MaxSubjects = 64

// Gather adds a connection to those that the subject names, and its life to
// the stretch of time.
func (s *Subject) Gather(c *timeline.Connection) {
	if len(s.Connections) == 0 || c.First.Time < s.From {
		s.From = c.First.Time
	}
	s.To = max(s.To, c.Last.Time)
	if len(s.Connections) < MaxSubjects {
		s.Connections = append(s.Connections, c.ID())
	} else {
		s.Omitted++
	}
}

// Transaction is the subject that one transaction is.
func Transaction(c *timeline.Connection, x *timeline.Transaction) Subject {
	s := Connection(c)
	s.Kind, s.Transaction, s.From, s.To = OfTransaction, x.Index, x.Start.Time, x.End.Time
	return s
}

// Connection is the subject that one connection is.
func Connection(c *timeline.Connection) Subject {
	return Subject{Kind: OfConnection, Connections: []uint64{c.ID()}, Source: c.First.Source(),
		Client: c.Client(), Server: c.Server(), From: c.First.Time, To: c.Last.Time}
}

// Pair is the subject that a pair is; the rule gathers the connections.
func Pair(p *timeline.Pair) Subject {
	return Subject{Kind: OfPair, Source: p.Source, Client: p.Client, Server: p.Server}
}

// Host is the subject that a host is; the client is the host itself, whatever
// its role.
func Host(h *timeline.Host) Subject {
	return Subject{Kind: OfHost, Source: h.Source, Client: h.Address, Server: h.Service, From: h.From, To: h.To}
}

// MaxEvidence is how many packets a finding cites.
const MaxEvidence = 16

// Evidence are the packets that prove a finding, the primary one first.
type Evidence struct {
	Frames  []Citation
	Omitted int
}

// Citation is a packet and what it shows.
type Citation struct {
	Frame capture.Frame
	Role  string // "declared length", "late ACK" …
}

// Cite adds a packet; a zero frame and one that stands there in the same role
// are passed over, what is beyond MaxEvidence is counted.
func (e *Evidence) Cite(f capture.Frame, role string) {
	switch {
	case f.IsZero() || slices.Contains(e.Frames, Citation{f, role}):
	case len(e.Frames) < MaxEvidence:
		e.Frames = append(e.Frames, Citation{f, role})
	default:
		e.Omitted++
	}
}
