package capture

import (
	"math"
	"slices"

	"golang.org/x/net/bpf"
)

// maxProgram is how many instructions the kernel takes (BPF_MAXINSNS,
// linux/bpf_common.h).
const maxProgram = 4096

// Program is a filter for the kernel to run on packets of a link type, so
// that what no one asked for is not copied. It keeps at most snaplen bytes of
// a packet; 0 keeps all. It is never narrower than f over a [Decoder]: what
// it drops is ARP, ICMP, UDP on ports of no tunnel, and TCP right behind
// IPv4 or IPv6 that f does not match. Fragments, further VLAN tags, tunnels,
// extension headers and all it does not know pass whole, to be decoded and
// asked again. The Program of a nil Filter lets TCP and those through.
//
// Packets of LinkEthernet start with the MAC header, a VLAN tag that the
// kernel or the card took off not being in them; those of LinkSLL2 with the
// network header, as a packet socket of type SOCK_DGRAM has it. Of link types
// other than these and raw IP everything passes. A filter too large for the
// kernel becomes that of nil.
func (f *Filter) Program(link LinkType, snaplen int) ([]bpf.RawInstruction, error) {
	code := f.instructions(link, snaplen)
	if len(code) > maxProgram {
		code = (*Filter)(nil).instructions(link, snaplen)
	}
	return bpf.Assemble(code)
}

func (f *Filter) instructions(link LinkType, snaplen int) []bpf.Instruction {
	keep := uint32(math.MaxInt32) // more than any packet has
	if snaplen > 0 {
		keep = uint32(snaplen)
	}
	p := &program{filter: f}
	p.pass = p.put(bpf.RetConstant{Val: keep})
	p.drop = p.put(bpf.RetConstant{})
	entry := p.pass
	switch link {
	case LinkEthernet:
		entry = p.ethertype(bpf.LoadAbsolute{Off: 12, Size: 2}, 14)
	case LinkSLL2:
		entry = p.ethertype(bpf.LoadExtension{Num: bpf.ExtProto}, 0)
	case LinkRaw, LinkRawBSD, LinkRawBSD14, LinkIPv4, LinkIPv6:
		entry = p.version()
	}
	p.start(entry)
	return p.code
}

// program is written from its end to its start: jumps go forward only, so
// that where they lead is written when they are.
type program struct {
	filter     *Filter
	code       []bpf.Instruction // the last first
	pass, drop place
	net        uint32 // where the IP header starts, bytes
}

// place is the index of an instruction in program.code.
type place int

// put writes an instruction; what was written last follows it.
func (p *program) put(i bpf.Instruction) place {
	p.code = append(p.code, i)
	return place(len(p.code) - 1)
}

// to is how many instructions lie between the one that is written next and
// the target.
func (p *program) to(target place) uint32 { return uint32(len(p.code) - 1 - int(target)) }

// before writes an instruction that next follows.
func (p *program) before(next place, i bpf.Instruction) place {
	if p.to(next) > 0 {
		p.put(bpf.Jump{Skip: p.to(next)})
	}
	return p.put(i)
}

// branch compares the accumulator and goes on at yes or no. A comparison
// skips up to 255 instructions; a jump, any number.
func (p *program) branch(is bpf.JumpTest, value uint32, yes, no place) place {
	if p.to(no) >= math.MaxUint8 {
		no = p.put(bpf.Jump{Skip: p.to(no)})
	}
	if p.to(yes) > math.MaxUint8 {
		yes = p.put(bpf.Jump{Skip: p.to(yes)})
	}
	return p.put(bpf.JumpIf{Cond: is, Val: value, SkipTrue: uint8(p.to(yes)), SkipFalse: uint8(p.to(no))})
}

// oneOf goes on at yes if the accumulator holds one of values.
func (p *program) oneOf(values []uint16, yes, no place) place {
	for _, v := range values {
		no = p.branch(bpf.JumpEqual, uint32(v), yes, no)
	}
	return no
}

// start turns the program around.
func (p *program) start(entry place) {
	if p.to(entry) > 0 {
		p.put(bpf.Jump{Skip: p.to(entry)})
	}
	slices.Reverse(p.code)
}

// ethertype is the program of packets whose EtherType load gets and whose
// network header starts at net.
func (p *program) ethertype(load bpf.Instruction, net uint32) place {
	const arp = 0x0806
	p.net = net
	v4, v6 := p.ip4(), p.ip6()
	other := p.branch(bpf.JumpEqual, arp, p.drop, p.pass)
	six := p.branch(bpf.JumpEqual, etherIPv6, v6, other)
	return p.before(p.branch(bpf.JumpEqual, etherIPv4, v4, six), load)
}

// version is the program of packets that start with an IP header.
func (p *program) version() place {
	v4, v6 := p.ip4(), p.ip6()
	six := p.branch(bpf.JumpEqual, 6, v6, p.pass)
	four := p.branch(bpf.JumpEqual, 4, v4, six)
	shift := p.before(four, bpf.ALUOpConstant{Op: bpf.ALUOpShiftRight, Val: 4})
	return p.before(shift, bpf.LoadAbsolute{Off: 0, Size: 1})
}

// ip4 judges an IPv4 packet. For TCP and UDP the index register holds the
// length of its header.
func (p *program) ip4() place {
	const icmp, igmp = 1, 2
	header := bpf.LoadMemShift{Off: p.net}
	tcp := p.before(p.expression(false), header)
	udp := p.before(p.tunnels(false), header)
	known := p.oneOf([]uint16{icmp, igmp}, p.drop, p.pass)
	known = p.branch(bpf.JumpEqual, protoUDP, udp, known)
	known = p.branch(bpf.JumpEqual, protoTCP, tcp, known)
	protocol := p.before(known, bpf.LoadAbsolute{Off: p.net + 9, Size: 1})
	whole := p.branch(bpf.JumpBitsSet, 0x3fff, p.pass, protocol) // more fragments, offset
	return p.before(whole, bpf.LoadAbsolute{Off: p.net + 6, Size: 2})
}

// ip6 judges an IPv6 packet. Behind extension headers, fragment headers among
// them, it does not look.
func (p *program) ip6() place {
	const icmp6 = 58
	tcp, udp := p.expression(true), p.tunnels(true)
	known := p.branch(bpf.JumpEqual, icmp6, p.drop, p.pass)
	known = p.branch(bpf.JumpEqual, protoUDP, udp, known)
	known = p.branch(bpf.JumpEqual, protoTCP, tcp, known)
	return p.before(known, bpf.LoadAbsolute{Off: p.net + 6, Size: 1})
}

// tunnels lets UDP through that the decoder looks into.
func (p *program) tunnels(six bool) place {
	ports := []uint16{portL2TP, portGTP, portTeredo, portVXLAN, portVXLANGPE, portAYIYA, portGENEVE, portMPLS, portVXLANold}
	destination := p.before(p.oneOf(ports, p.pass, p.drop), p.loadPort(2, six))
	return p.before(p.oneOf(ports, p.pass, destination), p.loadPort(0, six))
}

// loadPort gets the source port (at 0) or the destination port (at 2) of TCP
// or UDP.
func (p *program) loadPort(at uint32, six bool) bpf.Instruction {
	if six {
		return bpf.LoadAbsolute{Off: p.net + 40 + at, Size: 2}
	}
	return bpf.LoadIndirect{Off: p.net + at, Size: 2}
}
