package timeline

import (
	"connlint/reassembly"
	"connlint/reassembly/http1"
)

// pipelines notes whether a new request is pipelined.
func (k *tracked) pipelines(m *http1.Message) {
	if k.correctAhead(m); m.Ahead > 0 {
		k.conn.Traits |= Pipelining
	}
}

// correctAhead makes the number of unanswered requests ahead of a new one that
// which the client knew. The parser goes by the order in the capture; the
// client's acknowledgement says what had reached it when it sent, wherever the
// capture was taken: near the server a response that has left may still be on
// its way.
func (k *tracked) correctAhead(m *http1.Message) {
	acked := k.conn.Flow[reassembly.Server].AckedOffset()
	if acked > k.position[reassembly.Server] {
		// It has what the capture lacks or brings in another order: nobody
		// can tell what it still waited for.
		m.Ahead = 0
		return
	}
	for _, h := range k.waiting {
		if h.http.Request != nil && h.http.Response != nil && h.covers > acked {
			m.Ahead++
		}
	}
}
