package capture

import (
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// plainCaptures are public captures without tunnels, fragments or extension
// headers: there tcpdump sees what the decoder sees.
func plainCaptures() []string {
	return []string{
		"PcapPlusPlus__four_ipv6_http_streams.pcap", "PcapPlusPlus__example.pcap", "nDPI__sites.pcapng",
		"packets__tcp_ports.pcapng", "PcapPlusPlus__sll.pcap", "PcapPlusPlus__raw_ip.pcap",
	}
}

// oracleExpressions are asked of both; A and B stand for the addresses of a
// capture's connection, M for the network of the first, P for its ports.
func oracleExpressions() []string {
	return []string{
		"tcp", "ip", "ip6", "not ip", "host A", "host B", "host A or B", "host A and not B", "src host A", "src A", "dst host A",
		"src or dst host A", "src and dst host A", "net M", "src net M", "not dst net M", "net 10", "net 192.168", "net 10.0.0.0/8 or net 172.16.0.0/12",
		"net 0.0.0.0/1", "ip6 net 2000::/3", "net ::/0", "port 80", "tcp port 80", "port P", "src port P", "dst port P", "port 80 or 443",
		"port http or https", "tcp dst port 80 or P", "portrange 0-1023", "src portrange 1024-65535", "dst portrange 65535-1024",
		"host A and port 80", "host A and port 80 or P", "not port 80 and host A", "not (port 80 and host A)", "port 80 or host A and ip",
		"port 443 or (port 80 and src host B)", "port (80 or P)", "port 80 and not P", "!ip6 && (port 80 || port P)", "not not port P",
		"src net M and dst port 80 or src port 80 and dst net M", "port P and (80 or 443) or host B",
	}
}

// tcpdump takes the same packets for the same words.
func TestFilterAgainstTcpdump(t *testing.T) {
	dir := folder(t, "CONNLINT_CAPTURES")
	if _, err := exec.LookPath("tcpdump"); err != nil {
		t.Skip("tcpdump is not installed")
	}
	told := 0
	for i, name := range plainCaptures() {
		path := filepath.Join(dir, name)
		segments := segmentsOf(t, path)
		last := segments[len(segments)-1]
		bits := 24
		if last.Src.Addr().Is6() {
			bits = 64
		}
		network, err := last.Src.Addr().Prefix(bits)
		if err != nil {
			t.Fatal(err)
		}
		words := strings.NewReplacer("A", last.Src.Addr().String(), "B", last.Dst.Addr().String(),
			"M", network.String(), "P", strconv.Itoa(int(max(last.Src.Port(), last.Dst.Port()))))
		for _, expr := range oracleExpressions() {
			expr = words.Replace(expr)
			f, err := ParseFilter(expr)
			if err != nil {
				t.Fatal(err)
			}
			ours := 0
			for j := range segments {
				if f.Match(&segments[j]) {
					ours++
				}
			}
			theirs := tcpdumpCount(t, path, "tcp and ("+expr+")")
			if i == 0 && theirs != tcpdumpCount(t, path, "tcp and ("+f.String()+")") {
				t.Errorf("%s: tcpdump takes %q for something else than %q", name, f, expr)
			}
			if ours != theirs {
				t.Errorf("%s: %q takes %d segments, tcpdump %d", name, expr, ours, theirs)
			}
			if 0 < ours && ours < len(segments) {
				told++
			}
		}
	}
	if told < 100 {
		t.Errorf("only %d of the comparisons could have failed", told)
	}
}

// segmentsOf is all TCP segments of a capture, their payload gone.
func segmentsOf(t *testing.T, path string) []Segment {
	r, err := Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	src := NewFile(r, path, 0)
	defer src.Close()
	var list []Segment
	for {
		p, err := src.Next()
		if err == io.EOF && len(list) > 0 {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		s := p.Segment
		s.Payload = nil
		list = append(list, s)
	}
}

// tcpdumpCount is how many packets of a file tcpdump takes.
func tcpdumpCount(t *testing.T, path, expr string) int {
	out, err := exec.Command("tcpdump", "-r", path, "-w", "-", expr).Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && strings.Contains(string(exit.Stderr), "rejects all packets") {
		return 0
	}
	if err != nil {
		t.Fatalf("tcpdump %q: %v", expr, err)
	}
	got, err := readFile(t, out)
	if err != io.EOF {
		t.Fatal(err)
	}
	return len(got)
}
