package capture

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/bpf"
)

// programExpressions are asked of every packet there is; the ports and
// networks are those of the captures.
func programExpressions() []string {
	return []string{
		"tcp", "ip6", "not ip6 and port 80", "host 10.77.0.80 or net 192.168.0.0/16", "src net 10 and not dst portrange 1024-65535",
		"net 2000::/3 and (port 80 or 443)", "not (port 80 or portrange 8000-8999)", "src and dst portrange 1024-65535 or ip6 host 2001:db8::1",
		"port 1", "host 10.77.0.2 and port 8080", manyPorts(40), manyPorts(600),
	}
}

func manyPorts(n int) string {
	var b strings.Builder
	b.WriteString("port 80")
	for i := range n {
		fmt.Fprintf(&b, " or %d", 3*i+1000)
	}
	return b.String()
}

// kernel runs a program as the kernel would. It has packets of LinkSLL2 with
// the header that captures of them have: the EtherType is its first two bytes.
type kernel struct {
	filter *Filter
	fits   bool // the filter itself runs, and not the one of nil
	vms    map[LinkType]*bpf.VM
}

func newKernel(t *testing.T, expr string) *kernel {
	f, err := ParseFilter(expr)
	if err != nil {
		t.Fatal(err)
	}
	return &kernel{filter: f, fits: len(f.instructions(LinkEthernet, 0)) <= maxProgram}
}

func newKernels(t *testing.T) []*kernel {
	list := []*kernel{{}}
	for _, expr := range programExpressions() {
		list = append(list, newKernel(t, expr))
	}
	return list
}

func (k *kernel) run(t *testing.T, link LinkType, data []byte) bool {
	vm := k.vms[link]
	if vm == nil {
		vm = newVM(t, k.filter, link)
		if k.vms == nil {
			k.vms = map[LinkType]*bpf.VM{}
		}
		k.vms[link] = vm
	}
	n, err := vm.Run(data)
	if err != nil {
		t.Fatal(err)
	}
	return n > 0
}

func newVM(t *testing.T, f *Filter, link LinkType) *bpf.VM {
	raw, err := f.Program(link, 0)
	if err != nil || len(raw) > maxProgram {
		t.Fatalf("%d instructions, %v", len(raw), err)
	}
	code, ok := bpf.Disassemble(raw)
	if !ok {
		t.Fatal("an instruction that is none")
	}
	if link == LinkSLL2 {
		for i := range code {
			code[i] = behindHeader(code[i], 20)
		}
	}
	vm, err := bpf.NewVM(code)
	if err != nil {
		t.Fatal(err)
	}
	return vm
}

// behindHeader is an instruction for a packet before which stand n bytes, the
// EtherType first.
func behindHeader(i bpf.Instruction, n uint32) bpf.Instruction {
	switch i := i.(type) {
	case bpf.LoadExtension:
		if i.Num == bpf.ExtProto {
			return bpf.LoadAbsolute{Off: 0, Size: 2}
		}
	case bpf.LoadAbsolute:
		return bpf.LoadAbsolute{Off: i.Off + n, Size: i.Size}
	case bpf.LoadIndirect:
		return bpf.LoadIndirect{Off: i.Off + n, Size: i.Size}
	case bpf.LoadMemShift:
		return bpf.LoadMemShift{Off: i.Off + n}
	}
	return i
}

// cookedOf is an Ethernet frame as "any" shows it.
func cookedOf(frame []byte) []byte {
	if len(frame) < 14 {
		return nil
	}
	return slices.Concat(frame[12:14], make([]byte, 6), []byte{0, 1}, make([]byte, 10), frame[14:])
}

// What decoder and filter take, the program takes: in every packet of every
// capture there is. Right behind Ethernet or raw IP it takes nothing else.
func TestProgramIsNeverNarrower(t *testing.T) {
	for _, variable := range []string{"CONNLINT_CAPTURES", "CONNLINT_LAB"} {
		t.Run(variable, func(t *testing.T) {
			kernels := newKernels(t)
			var counts programCounts
			captures := 0
			eachCapture(t, variable, func(t *testing.T, path string) {
				if captures++; variable == "CONNLINT_LAB" && captures%4 != 0 {
					return // a million packets of the same few kinds
				}
				programsOver(t, path, kernels, &counts)
			})
			t.Logf("%+v", counts)
			if counts.taken < 10000 || counts.dropped < 10000 {
				t.Errorf("%d packets taken, %d dropped: too few to show anything", counts.taken, counts.dropped)
			}
		})
	}
}

type programCounts struct{ taken, dropped, idle int }

func programsOver(t *testing.T, path string, kernels []*kernel, counts *programCounts) {
	r, err := Open(path, nil)
	if err != nil {
		return // what cannot be opened is the readers' affair
	}
	defer r.Close()
	var d Decoder
	for number := uint64(1); ; number++ {
		data, ci, err := r.ZeroCopyReadPacketData()
		if err != nil {
			return
		}
		seg := Segment{Frame: NewFrame(0, number, ci.Timestamp.UnixNano())}
		link := r.LinkType(ci.InterfaceIndex)
		decoded := d.Decode(link, data, ci.Length, &seg) == Decoded
		for _, k := range kernels {
			want := decoded && k.filter.Match(&seg)
			got := k.run(t, link, data)
			cooked := link != LinkEthernet || k.run(t, LinkSLL2, cookedOf(data)) == got
			switch {
			case want && !got, !cooked:
				t.Fatalf("%s: packet %d: %q: the filter says %v, the program %v; cooked the same: %v",
					filepath.Base(path), number, k.filter, want, got, cooked)
			case want:
				counts.taken++
			case !got:
				counts.dropped++
			case decoded && k.fits && d.nesting == 0 && plainTCP(link, data):
				t.Fatalf("%s: packet %d: %q does not match, but the program takes it", filepath.Base(path), number, k.filter)
			default:
				counts.idle++
			}
		}
	}
}

// plainTCP reports whether nothing stands between Ethernet and TCP but IP.
func plainTCP(link LinkType, data []byte) bool {
	if link != LinkEthernet {
		return false
	}
	switch binary.BigEndian.Uint16(data[12:]) {
	case etherIPv4:
		return data[23] == protoTCP && binary.BigEndian.Uint16(data[20:])&0x3fff == 0
	case etherIPv6:
		return data[20] == protoTCP
	}
	return false
}

// Every encapsulation that the decoder knows passes, whatever the filter: the
// packets of TestDecode.
func TestProgramPassesTunnels(t *testing.T) {
	kernels := newKernels(t)
	for _, expr := range []string{"host 10.0.0.1 and port 80", "ip6 and src host 2001:db8::1", "not port 1"} {
		kernels = append(kernels, newKernel(t, expr))
	}
	tunnelled := 0
	for _, c := range slices.Concat(linkCases(), networkCases(), tunnelCases()) {
		var d Decoder
		var seg Segment
		if d.Decode(c.link, c.data, len(c.data), &seg) != Decoded {
			continue
		}
		for _, k := range kernels {
			if k.filter.Match(&seg) && !k.run(t, c.link, c.data) {
				t.Errorf("%s: the program of %q drops it", c.name, k.filter)
			}
			if d.nesting > 0 && !k.run(t, c.link, c.data) {
				t.Errorf("%s: the program of %q drops a tunnel", c.name, k.filter)
			}
		}
		if d.nesting > 0 {
			tunnelled++
		}
	}
	if tunnelled < 20 {
		t.Errorf("only %d tunnels", tunnelled)
	}
}

// What is plainly something else does not reach the program at all.
func TestProgramDrops(t *testing.T) {
	udp := func(port int) []byte { return join(be16(port), be16(port), be16(12), be16(0), []byte("help")) }
	var k kernel
	for name, c := range map[string]struct {
		data []byte
		pass bool
	}{
		"arp":            {eth(0x0806, make([]byte, 46)), false},
		"udp":            {eth(etherIPv4, ip4(protoUDP, udp(53))), false},
		"udp over ipv6":  {eth(etherIPv6, ip6(protoUDP, udp(443))), false},
		"icmp":           {eth(etherIPv4, ip4(1, make([]byte, 8))), false},
		"icmp over ipv6": {eth(etherIPv6, ip6(58, make([]byte, 8))), false},
		"tcp":            {eth(etherIPv4, hello), true},
		"tcp over ipv6":  {eth(etherIPv6, hello6), true},
		"vxlan":          {eth(etherIPv4, ip4(protoUDP, udp(portVXLAN))), true},
		"teredo, v6":     {eth(etherIPv6, ip6(protoUDP, udp(portTeredo))), true},
		"esp":            {eth(etherIPv4, ip4(protoESP, make([]byte, 40))), true},
		"hop by hop":     {eth(etherIPv6, ip6(protoHopByHop, make([]byte, 40))), true},
		"vlan":           {eth(etherVLAN, tag(0x0806, make([]byte, 46))), true},
	} {
		if k.run(t, LinkEthernet, c.data) != c.pass || k.run(t, LinkSLL2, cookedOf(c.data)) != c.pass {
			t.Errorf("%s: want passed: %v", name, c.pass)
		}
	}
}

// A filter that the kernel has no room for lets all TCP through; a large one
// that fits is exact over jumps longer than one instruction can name.
func TestLargeProgram(t *testing.T) {
	for _, n := range []int{20, 100, 300, 3000} {
		k := newKernel(t, manyPorts(n))
		raw, err := k.filter.Program(LinkEthernet, 0)
		if err != nil || len(raw) > maxProgram {
			t.Fatalf("%d ports: %d instructions, %v", n, len(raw), err)
		}
		for range 1000 {
			frame := eth(etherIPv4, ip4(6, tcp(nil, "")))
			binary.BigEndian.PutUint16(frame[34:], uint16(rand.N(20000)))
			binary.BigEndian.PutUint16(frame[36:], uint16(rand.N(20000)))
			var d Decoder
			var seg Segment
			if d.Decode(LinkEthernet, frame, len(frame), &seg) != Decoded {
				t.Fatal("no TCP")
			}
			if got, want := k.run(t, LinkEthernet, frame), k.filter.Match(&seg) || !k.fits; got != want {
				t.Fatalf("%d ports, %d instructions: %v: got %v, want %v", n, len(raw), &seg.Src, got, want)
			}
		}
		t.Logf("%d ports: %d instructions, in the kernel: %v", n, len(raw), k.fits)
	}
}

func TestProgramSnaplen(t *testing.T) {
	for snaplen, want := range map[int]uint32{0: 1<<31 - 1, 96: 96} {
		raw, err := (*Filter)(nil).Program(LinkType(9), snaplen)
		if err != nil {
			t.Fatal(err)
		}
		if code, _ := bpf.Disassemble(raw); !slices.Contains(code, bpf.Instruction(bpf.RetConstant{Val: want})) {
			t.Errorf("snaplen %d: %v", snaplen, code)
		}
	}
}
