package timeline

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// stallRecorder writes down the stalls of transactions and the evidence of
// connections.
type stallRecorder struct{ lines []string }

func (r *stallRecorder) Transaction(c *Connection, x *Transaction) {
	for _, s := range x.Stalls {
		r.lines = append(r.lines, fmt.Sprintf("%d %s %s %v needless %v ack lost %v inferred %v",
			x.Index, s.Side, s.Cause, time.Duration(s.Wait).Round(time.Millisecond), s.Needless, s.AckLost, s.Inferred))
	}
}

func (r *stallRecorder) Close(c *Connection) {
	for side, n := range c.Nagle {
		if n != (NagleEvidence{}) {
			r.lines = append(r.lines, fmt.Sprintf("side %d %+v proved %v", side, n, n.Proved()))
		}
	}
}

func (r *stallRecorder) Pair(*Pair) {}

// TestEvidence has what stalls and connections say beside a cause.
func TestEvidence(t *testing.T) {
	const sack = `conn 10.0.0.1:40000 > 10.0.0.2:80
		+0     > S  mss=1460 sackok
		+100us < S. mss=1460 sackok
		+20ms  > .
`
	for name, c := range map[string]struct{ text, want string }{
		"a lost response is repaired": {sack + ask + `
			+0     < P. ` + head(0) + ` lost
			+240ms < retrans
			+20ms  > .`,
			"1 server retransmit 240ms needless false ack lost false inferred false"},
		"the client says that it had come, in time for its transaction": {sack + ask + `
			+0     < P. ` + head(1660) + ` len=200
			+50ms  < retrans
			+20ms  > . sack=1-242
			+0     < P. len=1460
			+20ms  > .`,
			"1 server retransmit 50ms needless true ack lost false inferred false"},
		"the next request was lost, with the ACK of the response": {sack + ask + `
			+0     < P. ` + head(0) + `
			+30ms  > P. "GET /b HTTP/1.1\r\n\r\n" drop lost
			+200ms < retrans
			+20ms  > . sack=1-39
			+10ms  > retrans
			+0     < P. ` + head(0) + `
			+20ms  > .`,
			"1 server retransmit 230ms needless true ack lost true inferred false"},
		"held once, and once not": {far + `
			+0     > P. "POST /a HTTP/1.1\r\nContent-Length: 20\r\n\r\n"
			+60ms  < .
			+1ms   > P. len=10
			+0     > P. len=10
			+20ms  < P. ` + head(0) + `
			+0     > .`,
			"side 0 {Releases:1 Against:1 Held:1} proved false"},
	} {
		t.Run(name, func(t *testing.T) {
			r := &stallRecorder{}
			follow(Config{}, r, parse(t, c.text))
			if got := strings.Join(r.lines, "\n"); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}
