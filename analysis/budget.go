package analysis

import (
	"connlint/analysis/timeline"
	"connlint/reassembly/http1"
)

// Budget is what the packets and the payload bytes of a run were spent on.
type Budget struct {
	Packets timeline.Packets
	ACKs    timeline.ACKs
	Bytes   Bytes
}

// Bytes are payload bytes by what they are: each byte of a stream once, and
// apart from that what was sent again.
type Bytes struct {
	Sent           uint64 // all but Retransmission
	Header         uint64 // start lines and fields of HTTP messages, and what chunked coding adds
	Body           uint64 // content
	Retransmission uint64
	// Unseen are bytes that their receiver acknowledged and no packet of the
	// capture has; they are not among the others.
	Unseen uint64
}

// Other are the bytes that are no HTTP/1 message: encrypted, of another
// protocol, or of a message that could not be read.
func (b *Bytes) Other() uint64 { return b.Sent - min(b.Sent, b.Header+b.Body) }

func (b *Budget) transaction(x *timeline.Transaction) {
	if x.HTTP == nil {
		return
	}
	b.Bytes.message(x.HTTP.Request)
	b.Bytes.message(x.HTTP.Response)
	for _, m := range x.HTTP.Interim {
		b.Bytes.message(m)
	}
}

// message adds what the capture has of a message.
func (b *Bytes) message(m *http1.Message) {
	if m != nil {
		b.Header += m.HeadSize + m.Overhead
		b.Body += m.Body.Least() - min(m.Missing, m.Body.Least())
	}
}

func (b *Bytes) connection(c *timeline.Connection) {
	for side := range c.Flow {
		b.Sent += c.Flow[side].Bytes
		b.Retransmission += c.Flow[side].Resent
	}
}
