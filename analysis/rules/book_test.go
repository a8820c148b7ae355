package rules

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"connlint/analysis"
	"connlint/analysis/timeline"
)

// passage is what chapter 4 of "HTTP: The Definitive Guide" says in one place,
// and what here speaks to it.
type passage struct {
	section string // as the book numbers it
	says    string // at most ten words
	rules   string // names, with spaces between; so are the others
	traits  string
	causes  string // of the account of time
	fields  string // of the records, from the record's name down
}

// book is the chapter as far as it is about HTTP/1, in its order.
var book = []passage{
	{section: "4.1", says: "a page is looked up, connected to, asked for, closed",
		causes: "dns connect request server_wait response", fields: "transaction.time connection.connect_ms connection.closed_by"},
	{section: "4.1.1", says: "TCP delivers all bytes, and in their order",
		traits: "packet-loss reordering spurious-retransmission", causes: "retransmit", fields: "connection.from_server.missing_bytes"},
	{section: "4.1.2", says: "messages travel in segments, each with headers of its own",
		rules: "framing/wasteful-chunks", fields: "summary.budget.packets summary.budget.bytes.header"},
	{section: "4.1.2", says: "HTTPS puts a layer between",
		traits: "tls-full-handshake tls-resumed-handshake", causes: "tls", fields: "connection.tls_ms"},
	{section: "4.1.3", says: "addresses and ports name a connection",
		rules: "ports/port-reuse", fields: "connection.client connection.server"},
	{section: "4.1.4", says: "opening takes long if far, busy or crowded",
		rules: "connect/syn-retry connect/synack-retry", causes: "connect_retry", fields: "connection.rtt_ms"},
	{section: "4.2.1", says: "look-up, opening, processing and answering delay a transaction",
		rules:  "connect/connection-refused connect/connection-unanswered concurrency/tiny-objects",
		traits: "server-think-time", causes: "dns connect server_wait response", fields: "summary.time summary.durations"},
	{section: "4.2.1", says: "opening adds up over hundreds of connections",
		rules: "keepalive/connection-per-request ports/connection-churn", fields: "summary.cost summary.saving"},
	{section: "4.2.3", says: "the handshake delays the first request",
		rules: "connect/handshake-overhead connect/syn-retry connect/synack-retry ports/connection-churn", causes: "connect"},
	{section: "4.2.3", says: "small packets are sent only to open a connection",
		rules: "connect/handshake-overhead", fields: "summary.budget.packets.handshake"},
	{section: "4.2.3", says: "the third packet may carry the request",
		rules: "connect/fast-open-refused", traits: "preconnected tcp-fast-open", causes: "client_idle"},
	{section: "4.2.4", says: "what is not acknowledged is sent again",
		rules: "tcp/rto-stall tcp/tail-loss-probe", traits: "fast-retransmit", causes: "retransmit"},
	{section: "4.2.4", says: "ACKs wait for data to ride on",
		rules: "tcp/nagle-delayed-ack-stall tcp/ack-delayed-too-long", traits: "delayed-ack-harmless", causes: "nagle_delayed_ack",
		fields: "summary.budget.packets.pure_ack summary.budget.acks"},
	{section: "4.2.5", says: "a new connection is slow until it is tuned",
		rules: "tcp/slow-start-ramp tcp/small-initial-window", causes: "slow_start"},
	{section: "4.2.5", says: "a tuned connection is worth keeping in use",
		rules: "tcp/slow-start-after-idle concurrency/new-connection-while-idle-warm"},
	{section: "4.2.5", says: "congestion and windows limit what may be sent",
		rules: "tcp/receiver-window-limited tcp/zero-window", causes: "congestion_window receive_window zero_window path_rate"},
	{section: "4.2.6", says: "small writes wait for the ACK of those before",
		rules: "tcp/nagle-delayed-ack-stall tcp/nagle-rtt-wait tcp/classic-nagle-tail", causes: "nagle_delayed_ack nagle_wait"},
	{section: "4.2.6", says: "without Nagle, small segments waste the path",
		rules: "framing/wasteful-chunks tcp/small-writes", fields: "connection.from_server.segments"},
	{section: "4.2.7", says: "who closes first keeps the ports for a time",
		rules: "ports/time-wait-buildup ports/port-reuse ports/connection-churn", fields: "summary.pair_table.peak_time_wait"},
	{section: "4.2.7", says: "one client to one server runs out of ports",
		rules: "ports/port-exhaustion", fields: "summary.pair_table.peak_opens_per_second"},
	{section: "4.3.1", says: "Connection lists what ends at the next hop",
		rules: "proxy/hop-by-hop-forwarded proxy/connection-lists-end-to-end proxy/control-field-not-listed proxy/mangled-connection"},
	{section: "4.3.2", says: "opening delays add up one after another",
		rules: "concurrency/serial-connections keepalive/connection-per-request", causes: "connect"},
	{section: "4.4.1", says: "parallel connections overlap their delays",
		rules: "concurrency/tiny-objects", traits: "parallel-connections", fields: "summary.pair_table.peak_parallel"},
	{section: "4.4.2", says: "many of them share the path and burden the server",
		rules: "concurrency/excessive-parallel-connections connect/unused-connection", traits: "rate-limited", causes: "path_rate"},
	{section: "4.4.3", says: "parallel loading feels faster",
		traits: "parallel-connections", fields: "transaction.start transaction.duration_ms"},
	{section: "4.5", says: "who comes back should find the connection open",
		rules:  "keepalive/connection-per-request keepalive/idle-timeout-advice concurrency/new-connection-while-idle-warm",
		fields: "summary.pair_table.reuse"},
	{section: "4.5.1", says: "kept connections that nobody uses pile up",
		rules: "keepalive/idle-connection-held", fields: "connection.idle_ms"},
	{section: "4.5.3", says: "keep-alive is asked for and granted by a token",
		rules: "keepalive/keepalive-request-refused keepalive/token-missing"},
	{section: "4.5.4", says: "timeout and max are estimates, no promise",
		rules: "keepalive/keepalive-params-not-honoured keepalive/granted-then-closed keepalive/reuse-near-timeout"},
	{section: "4.5.4", says: "Keep-Alive counts only beside the token",
		rules: "keepalive/params-without-token"},
	{section: "4.5.5", says: "every message has to carry the token",
		rules: "keepalive/token-missing"},
	{section: "4.5.5", says: "a kept connection needs lengths, and correct ones",
		rules: "keepalive/length-missing framing/content-length-too-long framing/content-length-too-short " +
			"framing/conflicting-content-length framing/content-length-and-transfer-encoding keepalive/chunked-to-http10"},
	{section: "4.5.5", says: "proxies keep nothing open for old devices",
		rules: "proxy/http10-client-kept proxy/hop-by-hop-forwarded keepalive/token-missing"},
	{section: "4.5.6", says: "a blind relay passes the token on and hangs",
		rules: "proxy/dumb-proxy-hang proxy/hop-by-hop-forwarded framing/message-stalled", causes: "no_response"},
	{section: "4.5.7", says: "Proxy-Connection helps past one proxy, not two",
		rules: "proxy/proxy-connection-forwarded proxy/proxy-connection-sent"},
	{section: "4.5.8", says: "HTTP/1.1 keeps open unless it says close",
		rules: "keepalive/server-keeps-open-after-close keepalive/close-unannounced", fields: "connection.closed_by connection.close"},
	{section: "4.5.9", says: "no more requests after close",
		rules: "keepalive/request-after-close"},
	{section: "4.5.9", says: "answer one request at least, close in no message",
		rules: "close/closed-without-answer framing/truncated-response"},
	{section: "4.5.9", says: "a proxy's two sides persist apart from each other",
		rules: "proxy/upstream-downgraded"},
	{section: "4.5.9", says: "a client keeps few connections to a server",
		rules: "concurrency/excessive-parallel-connections", fields: "summary.pair_table.peak_parallel"},
	{section: "4.6", says: "no pipeline before the connection is known to persist",
		rules: "concurrency/pipelined-before-persistence-known", traits: "pipelining"},
	{section: "4.6", says: "answers come in the order of the requests",
		rules: "concurrency/mispaired-responses concurrency/head-of-line-blocking", causes: "queue"},
	{section: "4.6", says: "whoever pipelines must be ready to ask again",
		rules: "concurrency/pipeline-cut concurrency/pipeline-retried-pipelined close/request-retry"},
	{section: "4.6", says: "no POST in a pipeline",
		rules: "concurrency/pipelined-non-idempotent"},
	{section: "4.7.1", says: "either side may close at any time, idle or not",
		rules: "keepalive/keepalive-race-reset keepalive/closed-connection-reused keepalive/keepalive-race-predicted " +
			"keepalive/reuse-near-timeout keepalive/idle-connection-dropped close/reset-mid-response framing/truncated-response",
		fields: "summary.pair_table.idle_closes"},
	{section: "4.7.2", says: "a body that does not fit its length is suspect",
		rules: "framing/content-length-too-long framing/truncated-response framing/chunked-unterminated framing/close-delimited-body framing/bad-length-ignored"},
	{section: "4.7.3", says: "ask again if that does no harm, else do not",
		rules: "close/request-retry close/non-idempotent-retry concurrency/pipeline-cut close/failed-retry-repeated proxy/proxy-retried-non-idempotent concurrency/pipelined-non-idempotent"},
	{section: "4.7.4", says: "closing the input may destroy what was sent",
		rules:  "close/reset-destroys-response close/upload-cut close/abortive-close close/client-abort",
		fields: "connection.history"},
	{section: "4.7.4", says: "close the output and wait for the peer's close",
		rules: "close/half-close-taken-for-end close/close-wait-leak", fields: "summary.budget.packets.teardown"},
}

// TestBookIsCovered holds the map against what there is.
func TestBookIsCovered(t *testing.T) {
	causes := make([]string, timeline.NumCauses)
	for c := range timeline.NumCauses {
		causes[c] = c.String()
	}
	fields := readSchema(t)
	for _, p := range book {
		where := p.section + " (" + p.says + ")"
		if n := len(strings.Fields(p.says)); n == 0 || n > 10 {
			t.Errorf("%s: %d words", where, n)
		}
		if p.rules+p.traits+p.causes+p.fields == "" {
			t.Errorf("%s: nothing speaks to it", where)
		}
		for _, list := range []struct {
			what  string
			named string
			there func(string) bool
		}{
			{"rule", p.rules, func(name string) bool { return slices.Contains(names(All()), name) }},
			{"trait", p.traits, func(name string) bool { return slices.Contains(timeline.TraitNames(), name) }},
			{"cause", p.causes, func(name string) bool { return slices.Contains(causes, name) }},
			{"field", p.fields, fields.has},
		} {
			for _, name := range strings.Fields(list.named) {
				if !list.there(name) {
					t.Errorf("%s: there is no %s %s", where, list.what, name)
				}
			}
		}
	}
}

// TestPagesNameTheBook demands that a rule's page names the sections that the
// map has it under, one of them at least, and none that the map has not.
func TestPagesNameTheBook(t *testing.T) {
	for _, r := range All() {
		cited := sectionsOf(r)
		var mapped []string
		for _, p := range book {
			if slices.Contains(strings.Fields(p.rules), r.Name) {
				mapped = append(mapped, p.section)
			}
		}
		if len(mapped) > 0 && !slices.ContainsFunc(cited, func(s string) bool { return slices.ContainsFunc(mapped, sectionOrPart(s)) }) {
			t.Errorf("%s: its page names none of the sections %s of the book", r.Name, strings.Join(mapped, ", "))
		}
		for _, s := range cited {
			if !slices.ContainsFunc(mapped, sectionOrPart(s)) {
				t.Errorf("%s: its page names section %s of the book, the map does not", r.Name, s)
			}
		}
	}
}

// sectionOrPart tells whether a section is s, or a part of it.
func sectionOrPart(s string) func(string) bool {
	return func(other string) bool { return other == s || strings.HasPrefix(other, s+".") }
}

var (
	bookLine    = regexp.MustCompile(`HTTP: The Definitive Guide(, .*)`)
	bookSection = regexp.MustCompile(`, (4(?:\.\d+)+)`)
)

// sectionsOf are the sections of the chapter that a page refers to.
func sectionsOf(r *analysis.Rule) []string {
	var all []string
	for _, line := range bookLine.FindAllStringSubmatch(r.Doc, -1) {
		for _, m := range bookSection.FindAllStringSubmatch(line[1], -1) {
			all = append(all, m[1])
		}
	}
	return all
}

// schema is as much of a JSON schema as tells which fields there are.
type schema struct {
	Ref        string             `json:"$ref"`
	Properties map[string]*schema `json:"properties"`
	Items      *schema            `json:"items"`
	Defs       map[string]*schema `json:"$defs"`
}

func readSchema(t *testing.T) *schema {
	t.Helper()
	text, err := os.ReadFile("../../output/schema.json")
	if err != nil {
		t.Fatal(err)
	}
	s := new(schema)
	if err := json.Unmarshal(text, s); err != nil {
		t.Fatal(err)
	}
	return s
}

// has tells whether there is a field of that path: record.field.field.
func (s *schema) has(path string) bool {
	record, rest, _ := strings.Cut(path, ".")
	at := s.Defs[record]
	for _, name := range strings.Split(rest, ".") {
		if at = s.settle(at); at == nil {
			return false
		}
		at = at.Properties[name]
	}
	return at != nil
}

// settle follows references and goes from a list to its elements.
func (s *schema) settle(at *schema) *schema {
	for at != nil && (at.Ref != "" || at.Items != nil) {
		if at.Items != nil {
			at = at.Items
		} else {
			at = s.Defs[at.Ref[strings.LastIndexByte(at.Ref, '/')+1:]]
		}
	}
	return at
}
