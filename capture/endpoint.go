package capture

import (
	"cmp"
	"encoding/binary"
	"net/netip"
)

// Endpoint is an IP address and a TCP port without a pointer in it: the form
// in which millions of connections are kept and compared. IPv4 addresses are
// held in their IPv6-mapped form. Comparable with ==; usable as a map key.
type Endpoint struct {
	hi, lo uint64 // the address, big-endian
	port   uint16
}

const mapped4 = 0xffff << 32

// Endpoint4 is an IPv4 endpoint; ip is in network byte order, 4 bytes.
func Endpoint4(ip []byte, port uint16) Endpoint {
	return Endpoint{lo: mapped4 | uint64(binary.BigEndian.Uint32(ip)), port: port}
}

// Endpoint16 is an IPv6 endpoint; ip is in network byte order, 16 bytes.
func Endpoint16(ip []byte, port uint16) Endpoint {
	return Endpoint{binary.BigEndian.Uint64(ip), binary.BigEndian.Uint64(ip[8:16]), port}
}

// EndpointFrom converts from the form of net/netip; a zone is dropped.
func EndpointFrom(ap netip.AddrPort) Endpoint {
	ip := ap.Addr().As16()
	return Endpoint16(ip[:], ap.Port())
}

// Addr is the address alone, unmapped if it is IPv4.
func (e Endpoint) Addr() netip.Addr {
	var ip [16]byte
	binary.BigEndian.PutUint64(ip[:8], e.hi)
	binary.BigEndian.PutUint64(ip[8:], e.lo)
	return netip.AddrFrom16(ip).Unmap()
}

// Port is the TCP port.
func (e Endpoint) Port() uint16 { return e.port }

// AddrPort converts to the form of net/netip.
func (e Endpoint) AddrPort() netip.AddrPort { return netip.AddrPortFrom(e.Addr(), e.port) }

// Host is the same address with port 0: what the connections of one host
// have in common.
func (e Endpoint) Host() Endpoint { return Endpoint{hi: e.hi, lo: e.lo} }

// IsZero reports whether e is no endpoint at all.
func (e Endpoint) IsZero() bool { return e == Endpoint{} }

// String is "10.0.0.1:80" or "[2001:db8::1]:80".
func (e Endpoint) String() string { return e.AddrPort().String() }

// Compare orders endpoints by address, then by port.
func (e Endpoint) Compare(o Endpoint) int {
	if c := cmp.Compare(e.hi, o.hi); c != 0 {
		return c
	}
	if c := cmp.Compare(e.lo, o.lo); c != 0 {
		return c
	}
	return cmp.Compare(e.port, o.port)
}

// Hash mixes the endpoint into h. It is no defence by itself: whoever builds
// a table on it starts with a random h, since packets choose the endpoints.
func (e Endpoint) Hash(h uint64) uint64 {
	h = mix(h ^ e.hi)
	h = mix(h ^ e.lo)
	return mix(h ^ uint64(e.port))
}

// mix is the finaliser of SplitMix64 (Steele, Lea, Flood 2014).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
