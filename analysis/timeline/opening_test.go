package timeline

import (
	"testing"

	"connlint/capture"
)

// setbacks keeps what the openings of connections came to.
type setbacks struct {
	all     []Setback
	unheard bool
	lost    []bool
	failed  []bool
	callers []Caller
}

func (r *setbacks) Transaction(*Connection, *Transaction) {}

func (r *setbacks) Close(c *Connection) {
	r.all = append(r.all, c.Setback)
	r.unheard = r.unheard || c.Repeated != nil && !c.Repeated.Unheard.IsZero()
	r.lost = append(r.lost, c.Traits.Is(PacketLoss))
	r.failed = append(r.failed, c.Refused() || c.Unanswered())
}

func (r *setbacks) Pair(p *Pair) { r.callers = append(r.callers, *p.Caller) }

const oneConnection = "conn 10.0.0.1:40000 > 10.0.0.2:80\n"

// exchange20 shows the path to the server, 20 ms, to a capture at the client.
const exchange20 = `
+0     > .
+0     > P. "GET /a HTTP/1.1\r\n\r\n"
+20ms  < P. "HTTP/1.1 204 No Content\r\n\r\n"
`

// exchangeNear shows it to one at the server, 20 ms from the client.
const exchangeNear = `
+0     > P. "GET /a HTTP/1.1\r\n\r\n"
+50us  < P. "HTTP/1.1 204 No Content\r\n\r\n"
+20ms  > .
`

func TestSetback(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want Setback
		lost bool
	}{
		"nothing": {"+0 > S ts\n+20ms < S. ts" + exchange20, NoSetback, false},
		"a copy":  {"+0 > S ts\n+1ms > dup\n+20ms < S. ts" + exchange20, NoSetback, false},
		"at the client, without timestamps": {
			"+0 > S\n+1s > S\n+20ms < S." + exchange20, SYNOrSYNACKLost, true},
		"at the client, timestamps that stand still": {
			"+0 > S ts=7\n+1s > S ts=7\n+20ms < S. ts=9:7" + exchange20, SYNOrSYNACKLost, true},
		"at the client, the last SYN is echoed": {
			"+0 > S ts=1\n+1s > S ts=1001\n+20ms < S. ts=9:1001" + exchange20, SYNLost, true},
		"at the client, the first SYN is echoed": {
			"+0 > S ts=1\n+1s > S ts=1001\n+20ms < S. ts=9:1" + exchange20, SYNACKLost, true},
		"at the client, one between is echoed": {
			"+0 > S ts=1\n+1s > S ts=1001\n+1s > S ts=2001\n+20ms < S. ts=9:1001" + exchange20, SYNACKLost, true},
		"at the client, an echo of nothing that was sent": {
			"+0 > S ts=1\n+1s > S ts=1001\n+20ms < S. ts=9:5000" + exchange20, SYNOrSYNACKLost, true},
		"at the client, a copy of the last SYN": {
			"+0 > S ts=1\n+1s > S ts=1001\n+1us > dup\n+20ms < S. ts=9:1" + exchange20, SYNACKLost, true},
		"at the client, too soon for the last SYN": {
			"+0 > S\n+1s > S\n+5ms < S." + exchange20, SYNACKLost, true},
		"the path is slower than the timer": {
			"+0 > S ts=1\n+1s > S ts=1001\n+200ms < S. ts=9:1\n+0 > .\n+0 > P. \"GET /a HTTP/1.1\\r\\n\\r\\n\"\n+1200ms < P. \"HTTP/1.1 204 No Content\\r\\n\\r\\n\"", SlowAnswer, false},
		"at the server, which does not answer": {
			"+0 > S ts\n+1s > S ts\n+50us < S. ts\n+20ms > ." + exchangeNear, SYNUnanswered, false},
		"at the server, the SYN comes again": {
			"+0 > S\n+50us < S.\n+1s > S\n+50us < S.\n+20ms > ." + exchangeNear, SYNACKLost, true},
		"at the server, its own timer": {
			"+0 > S\n+50us < S.\n+1s < S.\n+20ms > ." + exchangeNear, SYNACKOrACKLost, true},
		"at the server, the first SYN-ACK is echoed": {
			"+0 > S ts=1\n+50us < S. ts=9:1\n+1s < S. ts=1009:1\n+20ms > . ts=1020:9" + exchangeNear, ACKLost, true},
		"at the server, the last SYN-ACK is echoed": {
			"+0 > S ts=1\n+50us < S. ts=9:1\n+1s < S. ts=1009:1\n+20ms > . ts=1020:1009" + exchangeNear, SYNACKLost, true},
		"at the server, the client is slow and had the first": {
			"+0 > S ts=1\n+50us < S. ts=9:1\n+1s > S ts=1001\n+50us < S. ts=1009:1\n+200ms > . ts=1201:9" + exchangeNear, SlowAnswer, false},
		"at the client, the SYN-ACK had come": {
			"+0 > S\n+20ms < S.\n+980ms > S\n+20ms < S." + exchange20 + exchange20, SYNACKIgnored, false},
		"within one host": {
			"conn 10.0.0.1:40000 > 10.0.0.1:80\n+0 > S ts=1\n+1s > S ts=1001\n+20us < S. ts=9:1001\n+20us > .", SYNUnanswered, false},
		"never answered": {"+0 > S\n+1s > S", NoSetback, true},
		"sent once":      {"+0 > S", NoSetback, false},
		"refused":        {"+0 > S\n+20ms < R.", NoSetback, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := &setbacks{}
			follow(Config{}, r, parse(t, oneConnection+c.text))
			if len(r.all) != 1 || r.all[0] != c.want || r.lost[0] != c.lost || r.unheard {
				t.Errorf("setback %d, packet lost %v, unheard %v; want %d, %v", r.all, r.lost, r.unheard, c.want, c.lost)
			}
		})
	}
}

// TestUnheard wants data that was sent twice, behind which the SYN-ACK comes
// again.
func TestUnheard(t *testing.T) {
	const done = oneConnection + "+0 > S\n+1ms < S.\n+0 > .\n"
	for name, c := range map[string]struct {
		text string
		want bool
	}{
		"data twice":      {"+0 > P. \"GET\" lost\n+200ms > retrans lost\n+800ms < S.", true},
		"data once":       {"+0 > P. \"GET\" lost\n+800ms < S.", false},
		"no data":         {"+5s < S.", false},
		"data taken":      {"+0 > P. \"GET\"\n+200ms > retrans\n+1ms < .\n+800ms < S.", false},
		"a part taken":    {"+0 > P. \"GET\"\n+200ms > retrans\n+1ms < .\n+0 > P. \" /\" lost\n+800ms < S.", false},
		"a copy meets it": {"+1ms < dup", false},
	} {
		t.Run(name, func(t *testing.T) {
			r := &setbacks{}
			follow(Config{}, r, parse(t, done+c.text))
			if r.unheard != c.want {
				t.Errorf("unheard %v", r.unheard)
			}
		})
	}
}

func TestFailed(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want bool
	}{
		"refused":                        {"+0 > S\n+1ms < R.", true},
		"refused at the third":           {"+0 > S\n+1ms < R.\n+500ms > S\n+1ms < R.", true},
		"refused without an ACK":         {"+0 > S\n+1ms < R", true},
		"the client resets":              {"+0 > S\n+1ms > R", false},
		"accepted and reset":             {"+0 > S\n+1ms < S.\n+0 > .\n+1ms < R.", false},
		"accepted, all else unseen":      {"+0 > S\n+1ms < S.\n+1ms < R.", false},
		"accepted unseen and reset":      {"+0 > S\n+1ms < S. drop\n+0 > .\n+1ms < R.", false},
		"unanswered":                     {"+0 > S\n+1s > S\n+2s > S", true},
		"sent once":                      {"+0 > S", false},
		"one direction, answered unseen": {"+0 > S\n+1s > S\n+1ms < S. drop\n+0 > .", false},
	} {
		t.Run(name, func(t *testing.T) {
			r := &setbacks{}
			follow(Config{}, r, parse(t, oneConnection+c.text))
			if len(r.failed) != 1 || r.failed[0] != c.want {
				t.Errorf("failed %v", r.failed)
			}
		})
	}
}

// TestCaller counts the endpoints at which a client failed, and takes back the
// one that accepted it in the end.
func TestCaller(t *testing.T) {
	r := &setbacks{}
	follow(Config{}, r, parse(t, `
		conn a 10.0.0.1:40000 > 10.0.0.2:80
		conn b 10.0.0.1:40001 > 10.0.0.2:80
		conn c 10.0.0.1:40002 > 10.0.0.2:81
		conn d 10.0.0.1:40003 > 10.0.0.3:80
		conn e 10.0.0.1:40004 > 10.0.0.3:80
		conn f 10.0.0.9:40005 > 10.0.0.3:80
		conn g 10.0.0.8:40006 > 10.0.0.3:80
		conn h 10.0.0.8:40007 > 10.0.0.3:80
		+0   a> S
		+1ms a< R.
		+1ms b> S
		+1ms b< R.
		+1ms c> S
		+1ms c< R.
		+1ms d> S
		+1ms d< R.
		+1ms e> S
		+1ms e< S.
		+1ms e> .
		+1ms f> S
		+1ms f< R.
		+1ms g> S
		+1ms g< S.
		+1ms g> .
		+1ms h> S
		+1ms h< R.`))
	want := []Caller{{Failed: 2, Attempts: 3}, {Failed: 2, Attempts: 3}, {Failed: 2, Attempts: 3}, {Failed: 1, Attempts: 1}, {}}
	if len(r.callers) != len(want) {
		t.Fatalf("%d pairs", len(r.callers))
	}
	for i, c := range r.callers {
		if c.Failed != want[i].Failed || c.Attempts != want[i].Attempts {
			t.Errorf("pair %d: %+v, want %+v", i, c, want[i])
		}
	}
}

// TestRepeatedIsBounded floods the memory of repetitions, and sees it emptied.
func TestRepeatedIsBounded(t *testing.T) {
	var o openings
	for slot := range maxRepeated + 10 {
		o.begin(slot)
		if p := o.at(slot); (p == nil) != (slot >= maxRepeated) {
			t.Fatalf("record %d: %v", slot, p)
		}
	}
	o.at(5).Unheard = capture.NewFrame(0, 1, 1)
	for slot := range maxRepeated + 10 {
		o.end(slot)
	}
	if len(o.repeated) != 0 || len(o.spare) > maxSpare {
		t.Errorf("%d records left, %d spare", len(o.repeated), len(o.spare))
	}
	for slot := range maxSpare + 1 {
		if p := o.at(slot); *p != (Repeated{}) {
			t.Fatalf("record %d is not new: %+v", slot, p)
		}
	}
}
