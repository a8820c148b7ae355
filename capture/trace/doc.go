// Package trace is a capture as text that people write and read: rule pages
// and tests are made of it. [Parse] reads it, [Trace.Encode] turns it into
// the bytes of a pcap file, [Trace.Format] writes it, and [FromSource] makes
// one of a real capture, so that a test case can be cut out of traffic.
//
//	# The body waits for the ACK of the head; the client delays that ACK.
//	conn 10.0.0.1:40000 > 10.0.0.2:80
//	+0     > S  mss=1460
//	+10ms  < S. mss=1460
//	+0     > .
//	+0     > P. "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
//	+10ms  < P. "HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n"
//	+40ms  > .
//	+10ms  < P. len=200     # a comment, kept with the packet's number
//
// # Lines
//
// Every line is one of these; # starts a comment outside quotes.
//
//	start 2026-01-01T00:00:00Z     when time 0 is; before the first segment
//	snaplen 96                     bytes kept of each frame; before the first segment
//	conn A:PORT > B:PORT           a connection, client first; later plain > and < lines are on it
//	conn b A:PORT > B:PORT         the same with a label, for the lines b> and b<
//	conn … isn=7:4294967290        the same with initial sequence numbers, client's and server's
//	repeat 100                     the lines up to the next "end" so many times: the client's port
//	end                            of a conn line is one higher each time; comments count once
//	TIME > FLAGS [WORD…]           a segment from the client; < is one from the server
//	TIME > retrans [WORD…]         the side's last segment again; retrans=3: its third last
//	TIME > dup                     the side's last packet once more, identical to the last bit
//
// TIME is +10ms since the segment line before, -2us before it, or @1.5s
// since the start, in the units of [time.ParseDuration]. Where all stamps are
// multiples of 10 ms the clock is taken for one that ticks no finer: +100us
// near the start says that it is not. FLAGS are tcpdump's:
// any of F S R P U E W and . for ACK, or - for none. retrans counts the
// segments that took new sequence space, so one retransmission does not shift
// the count for the next.
//
// # What follows by itself
//
// The sequence number is what the side has sent so far; a SYN's is always the
// side's initial one. The acknowledgement is the highest in-order byte of the
// other side that arrived by this line. Window and TTL stay what the side
// used last (65535 and 64 at first). The IPv4 identification counts packets
// on the wire: a payload of several segments (offload) takes several. Once a
// side has sent a timestamp option it sends one each time, ticking once a
// millisecond and echoing by RFC 7323 §4.3.
//
// # Words
//
//	"text\r\n"        payload, with the escapes of Go
//	len=200           payload of filler; pieces of both kinds join in their order
//	seq=1461          sequence number: 0 is the side's SYN, 1 its first byte
//	seq=+10 seq=-10   the same, from what would follow
//	ack=1461 ack=-3   acknowledgement: counted in the other side's stream
//	win=501 ttl=57    window field as sent, not scaled; TTL or hop limit
//	ipid=7            IPv4 identification
//	mss=1460 ws=7 sackok tfo tfo=8 mptcp mpjoin
//	                  options: tfo is a request for a cookie or a cookie of 8 bytes,
//	                  mpjoin is that of MPTCP by which a connection joins another
//	ts ts=VAL ts=VAL:ECR ts=:ECR
//	                  timestamps from here on, with forced fields
//	nots              no timestamps from here on
//	sack=1461-2921,4381-5841
//	                  SACK blocks, counted in the other side's stream
//	snap=20           only 20 bytes of the payload are in the capture
//	drop              it was sent, but it is not in the capture
//	lost              it is in the capture, but it did not arrive
//
// Filler depends on its place in the stream, so a retransmission written as
// seq=-200 len=200 carries the bytes it carried before.
package trace
