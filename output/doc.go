// Package output turns the facts and findings of a run into reports: text for
// people, JSON for machines. Each form is a small type behind [Writer].
//
// It decides nothing: what is a finding, what it costs and whose fault it is
// were settled before. It knows no flags and no files beyond the io.Writer
// that it is given.
//
// # Records
//
// Of a run there is one record "run", which comes first, one "summary", which
// comes last, and in between, as they become known, "connection",
// "transaction" and "finding" records, as far as [Records] asks for them. The
// format jsonl has one a line; json has the same in one document. [JSONSchema]
// describes each field, with its unit, and says what a reader may rely on.
// Durations end in _ms and are exact to the nanosecond; moments are RFC 3339
// in UTC; no field is ever left out.
//
// # Questions and answers
//
// Where did the time go?
//
//	$ connlint --format jsonl testdata/lab/13-mixed/client.pcap.gz | jq -r 'select(.type=="summary") | .time | to_entries | sort_by(-.value)[:3][] | [.key, .value] | @tsv'
//	network_ms	3946.831
//	nagle_delayed_ack_ms	1767.183
//	connect_ms	754.784
//
// What would help most, and what is to be done?
//
//	$ connlint --format jsonl testdata/lab/13-mixed/client.pcap.gz | jq -sr 'map(select(.type=="finding")) | max_by(.saving.time_ms) | "\(.rule), \(.culprit): \(.saving.time_ms) ms; \(.fix)"'
//	tcp/nagle-delayed-ack-stall, client: 593.798 ms; Write each message in one piece, or set `TCP_NODELAY` at the sender that is named.
//
// Which connections carried a single request?
//
//	$ connlint --format jsonl --records connection testdata/lab/13-mixed/client.pcap.gz | jq -r 'select(.type=="connection" and .transactions==1) | "packet \(.connection): \(.client) to \(.server), \(.connect_ms) ms to connect"' | head -n 3
//	packet 1: 10.77.0.2:50998 to 10.77.0.80:8080, 30.235 ms to connect
//	packet 10: 10.77.0.2:51006 to 10.77.0.80:8080, 30.179 ms to connect
//	packet 22: 10.77.0.2:51032 to 10.77.0.80:8080, 30.128 ms to connect
//
// How long do the slow requests wait for each server (95 of 100 wait less)?
//
//	$ connlint --format jsonl --records transaction testdata/lab/13-mixed/client.pcap.gz | jq -sr '[.[] | select(.type=="transaction")] | group_by(.server)[] | .[0].server as $server | map(.time.server_wait_ms) | sort | "\($server) \(.[length*95/100 | floor]) ms"'
//	10.77.0.80:8080 40.334 ms
//	10.77.0.80:8081 0.682 ms
//
// What could not be judged, and why? Of a capture that stops early:
//
//	$ connlint --format jsonl -c 100 testdata/lab/13-mixed/client.pcap.gz | jq -r 'select(.type=="summary") | [.skipped[] | to_entries[]] | group_by(.key)[] | "\(.[0].key): \(length) rules, connections: \(map(.value) | max)"'
//	BothDirections: 53 rules, connections: 1
//	ConnectionEnd: 13 rules, connections: 3
//
// Which packets are to be looked at? As display filters of Wireshark:
//
//	$ connlint --format jsonl testdata/lab/13-mixed/client.pcap.gz | jq -r 'select(.type=="finding" and .severity!="note") | "\(.rule) frame.number in {\([.evidence.frames[].file_number] | unique[:3] | map(tostring) | join(","))}"' | sort | head -n 3
//	concurrency/serial-connections frame.number in {1,10,22}
//	connect/handshake-overhead frame.number in {1,3,10}
//	framing/content-length-too-long frame.number in {406,407}
//
// # Files
//
// A packet's number counts within its source. With --rotated several files, the
// parts, are one source, and numbers run on from one into the next. Evidence
// has both: file is the one to open, file_number the number that Wireshark shows
// there.
//
// For all other numbers, those of transactions and connections, the summary's
// parts say how many packets lie before each: .number less .before of the last
// part for which that is smaller is the number in its file.
//
// # Live
//
// A Writer of [NewLive] hands on each record as soon as it is there. At each
// report interval there is a connection record, with open true, for each
// connection that is open and had packets in it, as it would be if the capture
// ended then; the one with open false comes when it is over. Text has a block
// for each interval in which anything came, and in the end the report that
// files get.
//
// # What packets may write
//
// Methods, targets and whatever else came from packets is hostile. In JSON
// such a string is at most 2,048 bytes of the packet, followed by "…" if that
// was not all. A byte that is no UTF-8 stands in it as \xNN (lower case), a
// backslash as \\, so that nothing is lost; and what does not print (control
// characters, bidi controls, a terminal's escape sequences) is written as
// \uNNNN by the JSON encoding itself, so that a line can be shown raw; "<" as
// well, so that it can stand in a page of HTML. In text all that does not print
// is escaped in the manner of a Go string.
package output
