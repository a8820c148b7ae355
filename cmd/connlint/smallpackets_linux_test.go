package main

import (
	"encoding/binary"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"golang.org/x/sys/unix"

	"connlint/capture/livetest"
)

// smallRate is how many packets a second are sent, if the machine can.
const smallRate = 200_000

// conversation is a connection with one exchange, as Ethernet frames.
func conversation(t *testing.T) [][]byte {
	t.Helper()
	const request, response = "GET / HTTP/1.1\r\nHost: shop\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n"
	var frames [][]byte
	seq := [2]uint32{1000, 5000}
	say := func(from int, tcp layers.TCP, payload string) {
		eth := layers.Ethernet{SrcMAC: net.HardwareAddr{2, 0, 0, 0, 0, 1}, DstMAC: net.HardwareAddr{2, 0, 0, 0, 0, 2}, EthernetType: layers.EthernetTypeIPv4}
		ends := [2]net.IP{{10, 1, 0, 0}, {10, 77, 0, 2}}
		ip := layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolTCP, SrcIP: ends[from], DstIP: ends[1-from]}
		ports := [2]layers.TCPPort{40000, 80}
		tcp.SrcPort, tcp.DstPort, tcp.Window = ports[from], ports[1-from], 65535
		if tcp.Seq = seq[from]; tcp.ACK {
			tcp.Ack = seq[1-from]
		}
		if seq[from] += uint32(len(payload)); tcp.SYN || tcp.FIN {
			seq[from]++
		}
		buf := gopacket.NewSerializeBuffer()
		if err := gopacket.SerializeLayers(buf, gopacket.SerializeOptions{FixLengths: true}, &eth, &ip, &tcp, gopacket.Payload(payload)); err != nil {
			t.Fatal(err)
		}
		frames = append(frames, buf.Bytes())
	}
	say(0, layers.TCP{SYN: true}, "")
	say(1, layers.TCP{SYN: true, ACK: true}, "")
	say(0, layers.TCP{ACK: true}, "")
	say(0, layers.TCP{ACK: true, PSH: true}, request)
	say(1, layers.TCP{ACK: true}, "")
	say(1, layers.TCP{ACK: true, PSH: true}, response)
	say(0, layers.TCP{ACK: true}, "")
	say(0, layers.TCP{ACK: true, FIN: true}, "")
	say(1, layers.TCP{ACK: true, FIN: true}, "")
	say(0, layers.TCP{ACK: true}, "")
	return frames
}

// renumber gives the frames the client of a connection: its address and port.
func renumber(frames [][]byte, connection int) {
	const ip, tcp = 14, 34 // where the headers begin
	for _, f := range frames {
		address, port := ip+12, tcp
		if f[ip+12+1] != 1 { // 10.1.x.x is the client
			address, port = ip+16, tcp+2
		}
		binary.BigEndian.PutUint16(f[address+2:], uint16(connection/50_000))
		binary.BigEndian.PutUint16(f[port:], uint16(10_000+connection%50_000))
	}
}

// sendAtRate sends whole conversations through an interface for a time, and
// returns how many.
func sendAtRate(t *testing.T, ns namespace, frames [][]byte, rate int, duration time.Duration) int {
	t.Helper()
	sent := 0
	ns.do(t, func() error {
		fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_QDISC_BYPASS, 1)
		iface, err := net.InterfaceByName("web0")
		if err != nil {
			return err
		}
		if err := unix.Bind(fd, &unix.SockaddrLinklayer{Ifindex: iface.Index}); err != nil {
			return err
		}
		for start := time.Now(); time.Since(start) < duration; sent++ {
			for due := int(time.Since(start).Seconds() * float64(rate) / float64(len(frames))); sent >= due; due = int(time.Since(start).Seconds() * float64(rate) / float64(len(frames))) {
				time.Sleep(time.Millisecond)
			}
			renumber(frames, sent)
			for _, f := range frames {
				for {
					if _, err = unix.Write(fd, f); err != unix.ENOBUFS && err != unix.EAGAIN {
						break
					}
				}
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
	return sent
}

// Ten packets for each exchange, 200,000 a second if the machine gives them:
// none is dropped, and each connection and exchange is counted.
func TestLiveUnderLoadOfSmallPackets(t *testing.T) {
	livetest.Need(t)
	if os.Getenv("CONNLINT_LIVE") == "" && os.Getenv("CONNLINT_LOAD") == "" {
		t.Skip("neither CONNLINT_LIVE=required nor CONNLINT_LOAD=20s is set: no load is made")
	}
	if raceDetector {
		t.Skip("under the race detector this measures the race detector")
	}
	duration := loadTime(t) / 2
	c := newCable(t)
	w := startLive(t, c.server, "-i", "web0", "--format", "jsonl", "--fail-on", "never", "--listen", ":9807")
	before, start := usageOf(t, w.cmd.Process.Pid), time.Now()
	frames := conversation(t)
	sent := sendAtRate(t, c.client, frames, smallRate, duration)
	took := time.Since(start)
	after := usageOf(t, w.cmd.Process.Pid)
	eventually(t, "all connections are over", func() bool {
		return c.server.scrapeAt(t, "http://127.0.0.1:9807/metrics")["connlint_connections_open"] == 0
	})
	report, _ := w.stop(syscall.SIGINT)
	s := ofType(report, "summary")[0]
	t.Logf("%.0f packets in %v, %.0f/s; CPU %.0f %% of a core, %.0f ns a packet; RSS %d kB; dropped %v, ring full %v times",
		s.number("packets"), took.Round(time.Second), s.number("packets")/took.Seconds(),
		100*(after.cpu-before.cpu).Seconds()/took.Seconds(), float64(after.cpu-before.cpu)/s.number("packets"), after.rss,
		s.number("dropped"), s.number("live", "ring_full"))
	if s.number("dropped") != 0 {
		t.Errorf("the kernel dropped %v packets", s.number("dropped"))
	}
	if n := s.number("transactions"); int(n) != sent || int(s.number("connections")) != sent {
		t.Errorf("%v transactions on %v connections, sent %d", n, s.number("connections"), sent)
	}
}
