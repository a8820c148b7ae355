package http1

import (
	"bufio"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"connlint/capture"
)

// packets is as little of a capture reader as the lab needs: little-endian
// pcap, Ethernet with VLAN tags, no fragments.
func packets(t *testing.T, path string, yield func(number uint64, p tcp)) {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var r io.Reader = bufio.NewReader(f)
	if strings.HasSuffix(path, ".gz") {
		if r, err = gzip.NewReader(r); err != nil {
			t.Fatal(err)
		}
	}
	all, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	number := uint64(0)
	for all = all[24:]; len(all) >= 16; {
		number++
		caplen, wire := binary.LittleEndian.Uint32(all[8:]), binary.LittleEndian.Uint32(all[12:])
		if p, ok := parseTCP(all[16:16+caplen], int(wire-caplen)); ok {
			yield(number, p)
		}
		all = all[16+caplen:]
	}
}

type tcp struct {
	src, dst string
	seq, ack uint32
	flags    capture.Flags
	payload  []byte
	missing  int // bytes that a snap length cut off
	// fromServer goes by the port numbers: it holds in the lab.
	fromServer bool
}

func parseTCP(b []byte, missing int) (p tcp, ok bool) {
	b = b[12:]
	for binary.BigEndian.Uint16(b) == 0x8100 || binary.BigEndian.Uint16(b) == 0x88a8 {
		b = b[4:]
	}
	var src, dst []byte
	switch kind := binary.BigEndian.Uint16(b); {
	case kind == 0x0800 && b[2+9] == 6:
		ip := b[2:]
		size := int(binary.BigEndian.Uint16(ip[2:]))
		src, dst, b = ip[12:16], ip[16:20], ip[int(ip[0]&15)*4:min(size, len(ip))]
	case kind == 0x86dd && b[2+6] == 6:
		ip := b[2:]
		size := 40 + int(binary.BigEndian.Uint16(ip[4:]))
		src, dst, b = ip[8:24], ip[24:40], ip[40:min(size, len(ip))]
	default:
		return p, false
	}
	return tcp{
		src: fmt.Sprintf("%x:%d", src, binary.BigEndian.Uint16(b)), dst: fmt.Sprintf("%x:%d", dst, binary.BigEndian.Uint16(b[2:])),
		seq: binary.BigEndian.Uint32(b[4:]), ack: binary.BigEndian.Uint32(b[8:]), flags: capture.Flags(b[13]),
		payload: b[min(len(b), int(b[12]>>4)*4):], missing: missing,
		fromServer: binary.BigEndian.Uint16(b) < binary.BigEndian.Uint16(b[2:]),
	}, true
}

// orderly feeds one connection in order, in the plainest way there is. What
// is acknowledged and not there is a hole.
type orderly struct {
	conn  *Conn
	rec   *recorder
	known [2]bool
	next  [2]uint32
	early [2]map[uint32]tcp
}

func (o *orderly) segment(dir Direction, number uint64, p tcp) {
	frame := capture.NewFrame(0, number, int64(number))
	peer := 1 - dir
	if p.flags&capture.ACK != 0 && o.known[peer] {
		o.acknowledged(peer, frame, p.ack)
	}
	if p.flags&capture.SYN != 0 {
		p.seq++
	}
	if !o.known[dir] {
		o.known[dir], o.next[dir] = true, p.seq
	}
	if len(p.payload) == 0 && p.flags&(capture.FIN|capture.RST) == 0 {
		return
	}
	o.early[dir][p.seq] = p
	o.drain(dir, frame)
}

// acknowledged takes what lies below ack and is not there for a hole.
func (o *orderly) acknowledged(dir Direction, frame capture.Frame, ack uint32) {
	for int32(ack-o.next[dir]) > 1 {
		to := ack
		for seq := range o.early[dir] {
			if int32(seq-to) < 0 {
				to = seq
			}
		}
		o.conn.Gap(dir, frame, uint64(to-o.next[dir]), Hole)
		o.next[dir] = to
		o.drain(dir, frame)
	}
}

func (o *orderly) drain(dir Direction, frame capture.Frame) {
	for {
		p, ok := o.take(dir)
		if !ok {
			return
		}
		skip := o.next[dir] - p.seq
		if n := uint32(len(p.payload)); skip < n {
			o.conn.Data(dir, frame, p.payload[skip:])
			o.next[dir] += n - skip
			if p.missing > 0 && !o.conn.switched {
				o.conn.Gap(dir, frame, uint64(p.missing), Snaplen)
				o.next[dir] += uint32(p.missing)
			}
		}
		switch {
		case p.flags&capture.RST != 0:
			o.conn.End(Request, frame, CutByReset)
			o.conn.End(Response, frame, CutByReset)
		case p.flags&capture.FIN != 0:
			o.conn.End(dir, frame, CutByClose)
		}
	}
}

// take is the earliest segment that adjoins what was fed.
func (o *orderly) take(dir Direction) (tcp, bool) {
	for seq, p := range o.early[dir] {
		if int32(seq-o.next[dir]) <= 0 {
			delete(o.early[dir], seq)
			return p, true
		}
	}
	return tcp{}, false
}

// read gives all transactions of a capture as "METHOD target status".
func read(t *testing.T, path string) []string {
	pool := NewPool(Limits{})
	connections := map[string]*orderly{}
	var all []*orderly
	packets(t, path, func(number uint64, p tcp) {
		dir, key := Request, p.src+p.dst
		o := connections[key]
		if o == nil && connections[p.dst+p.src] != nil {
			dir, o = Response, connections[p.dst+p.src]
		}
		syn := p.flags&(capture.SYN|capture.ACK) == capture.SYN
		if o == nil && p.fromServer {
			dir, key = Response, p.dst+p.src
		}
		if o == nil || syn && dir == Request && o.next[0] != p.seq+1 {
			o = &orderly{conn: new(Conn), rec: &recorder{pool: pool, keep: true}, early: [2]map[uint32]tcp{{}, {}}}
			o.conn.Init(pool, o.rec, !syn)
			connections[key] = o
			all = append(all, o)
		}
		o.segment(dir, number, p)
	})
	var out []string
	for _, o := range all {
		o.conn.End(Response, capture.Frame{}, StillOpen)
		o.conn.End(Request, capture.Frame{}, StillOpen)
		checkSums(t, o.conn, o.rec)
		for _, tx := range o.rec.kept {
			s := "-"
			if tx.Request != nil {
				s = name(tx.Request)
			}
			if tx.Response != nil {
				s += " " + name(tx.Response)
			}
			out = append(out, s)
		}
	}
	return out
}

func lab(t *testing.T) string {
	dir := os.Getenv("CONNLINT_LAB")
	if dir == "" {
		t.Skip("CONNLINT_LAB is not set: no captures with known truth")
	}
	return dir
}

// Every exchange that the lab's programs had must be found, at both ends.
func TestLab(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(lab(t), "*", "*.pcap*"))
	compared := 0
	for _, path := range files {
		scenario := filepath.Base(filepath.Dir(path))
		want := truth(t, filepath.Dir(path))
		place, kind, _ := strings.Cut(filepath.Base(path), ".")
		if len(want) == 0 || place != "client" && place != "server" || !strings.HasPrefix(kind, "pcap") {
			continue
		}
		t.Run(scenario+"/"+place, func(t *testing.T) {
			missing, more := differ(want, read(t, path))
			why := differences()[scenario+"/"+place]
			if d := differences()[scenario]; d != (difference{}) {
				why = d
			}
			if len(missing) != why.missing || len(more) != why.more {
				t.Errorf("%d missing, %d too many; expected %d, %d (%s)\nmissing %q\ntoo many %q",
					len(missing), len(more), why.missing, why.more, why.reason, missing, more)
			}
		})
		compared++
	}
	if compared < 100 {
		t.Errorf("only %d captures were compared", compared)
	}
}

// difference is where the truth tells of more or of less than packets can.
type difference struct {
	missing, more int
	reason        string
}

func differences() map[string]difference {
	return map[string]difference{
		"05-tls-keepalive":          {12, 0, "encrypted"},
		"05-tls12-full":             {5, 0, "encrypted"},
		"05-tls12-resumed":          {5, 0, "encrypted"},
		"05-tls13-full":             {5, 0, "encrypted"},
		"05-tls13-resumed":          {5, 0, "encrypted"},
		"06-reset-mid-response":     {0, 1, "the truth lists only what the client read whole"},
		"07-dumb-proxy-hang/server": {1, 0, "the second request never reached the server"},
		"07-neg-proxy-squid/server": {8, 8, "the proxy changes the target's form"},
		"11-capture-drops/client":   {1, 1, "a request taken out of the capture"},
		"11-capture-drops/server":   {1, 1, "a response taken out of the capture"},
		"11-one-direction":          {15, 15, "one direction only"},
		"11-starts-mid-connection":  {11, 0, "before the capture"},
		"11-starts-mid-response":    {2, 0, "before the capture"},
	}
}

// differ compares regardless of order. What the truth does not say (a method,
// a status) may be anything.
func differ(want, got []string) (missing, more []string) {
	got = slices.Clone(got)
	for _, w := range want {
		i := slices.IndexFunc(got, func(g string) bool { return matches(w, g) })
		if i < 0 {
			missing = append(missing, w)
			continue
		}
		got = slices.Delete(got, i, i+1)
	}
	return missing, got
}

// matches takes "METHOD target status" of which any part of want may be empty.
func matches(want, got string) bool {
	w, g := strings.Split(want, " "), strings.Split(got+"  ", " ")
	for i := range w {
		if w[i] != "" && w[i] != g[i] {
			return false
		}
	}
	return true
}

func truth(t *testing.T, dir string) (out []string) {
	b, err := os.ReadFile(filepath.Join(dir, "truth.json"))
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Transactions []struct {
			Method, Target string
			Status         *int
		}
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	for _, x := range doc.Transactions {
		s := x.Method + " " + x.Target
		if x.Status != nil {
			s += fmt.Sprintf(" %d", *x.Status)
		}
		out = append(out, s)
	}
	return out
}

// Real captures: requests and final responses that are seen.
func TestCaptures(t *testing.T) {
	dir := os.Getenv("CONNLINT_CAPTURES")
	if dir == "" {
		t.Skip("CONNLINT_CAPTURES is not set: no real captures")
	}
	for _, x := range []struct {
		file                string
		requests, responses int
	}{
		{"PcapPlusPlus__example.pcap", 338, 338},
		{"zeek__http__pipelined-requests.pcap", 5, 5},
		{"zeek__http__1000-requests-one-dropped-response.pcap.gz", 1000, 999},
		{"zeek__http__zero-length-bodies-with-drops.pcap", 7, 8},
		{"zeek__http__100-continue.pcap", 1, 1},
		{"zeek__http__curl_http_09.pcap", 1, 1},
		{"zeek__http__get-to-ssh-server.pcap", 1, 0},
		{"nDPI__netflix.pcap", 32, 32},
		{"suricata-verify__http-pipeline-files-with-gap__input.pcap", 3, 3},
	} {
		requests, responses := 0, 0
		for _, s := range read(t, filepath.Join(dir, x.file)) {
			fields := strings.Fields(s)
			if fields[0] != "-" {
				requests++
			}
			if len(fields) == 3 || fields[0] == "-" {
				responses++
			}
		}
		if requests != x.requests || responses != x.responses {
			t.Errorf("%s: %d requests, %d responses; want %d, %d", x.file, requests, responses, x.requests, x.responses)
		}
	}
}
