package capture

import (
	"encoding/binary"
	"testing"
)

func TestOptions(t *testing.T) {
	blocks := func(count int) (v []byte) {
		for i := range uint32(count) {
			v = join(v, be32(100*i+10), be32(100*i+20))
		}
		return v
	}
	sack := func(count int) []byte { return join([]byte{5, byte(2 + 8*count)}, blocks(count)) }
	cookie := make([]byte, 8)
	for name, c := range map[string]struct {
		in   []byte
		want Options
	}{
		"none": {nil, Options{}},
		"nops": {[]byte{1, 1, 1, 1}, Options{}},
		"syn of Linux": {join([]byte{2, 4, 5, 0xb4, 4, 2}, []byte{8, 10}, be32(7), be32(0), []byte{1, 3, 3, 7}),
			Options{Set: OptMSS | OptSACKPermitted | OptTimestamps | OptWindowScale, MSS: 1460, Scale: 7, TSVal: 7}},
		"end hides the rest":   {[]byte{0, 2, 4, 5, 0xb4}, Options{}},
		"aligned timestamps":   {timestamps, Options{Set: OptTimestamps, TSVal: 111, TSEcr: 222}},
		"unaligned timestamps": {join(timestamps[2:], []byte{1, 1}), Options{Set: OptTimestamps, TSVal: 111, TSEcr: 222}},
		"timestamps too short": {[]byte{8, 6, 1, 2, 3, 4, 3, 3, 9, 0}, Options{Set: OptWindowScale, Scale: 9}},
		"scale above 14":       {[]byte{3, 3, 200}, Options{Set: OptWindowScale, Scale: 14}},
		"mss of wrong size":    {[]byte{2, 3, 5, 4, 2}, Options{Set: OptSACKPermitted}},
		"length 0":             {[]byte{4, 2, 2, 0, 3, 3, 7}, Options{Set: OptSACKPermitted}},
		"length 1":             {[]byte{4, 2, 2, 1, 3, 3, 7}, Options{Set: OptSACKPermitted}},
		"length too long":      {[]byte{4, 2, 2, 5, 5, 0xb4}, Options{Set: OptSACKPermitted}},
		"length missing":       {[]byte{4, 2, 2}, Options{Set: OptSACKPermitted}},
		"one sack":             {sack(1), Options{Set: OptSACK, SACKBlocks: 1, SACK: [4]Block{{10, 20}}}},
		"four sacks": {sack(4), Options{Set: OptSACK, SACKBlocks: 4,
			SACK: [4]Block{{10, 20}, {110, 120}, {210, 220}, {310, 320}}}},
		"second sack counts":   {join(sack(2), with(sack(1), 5, 11)), Options{Set: OptSACK, SACKBlocks: 1, SACK: [4]Block{{11, 20}}}},
		"sack of no block":     {[]byte{5, 2, 4, 2}, Options{Set: OptSACKPermitted}},
		"sack of half a block": {join([]byte{5, 14}, blocks(1), be32(0), []byte{4, 2}), Options{Set: OptSACKPermitted}},
		"fast open request":    {[]byte{34, 2}, Options{Set: OptFastOpen}},
		"fast open cookie":     {join([]byte{34, 10}, cookie), Options{Set: OptFastOpen, FastOpenSize: 8}},
		"fast open odd cookie": {join([]byte{34, 9}, cookie[:7]), Options{}},
		"fast open too short":  {[]byte{34, 4, 1, 2}, Options{}},
		"fast open experiment": {join([]byte{254, 12, 0xf9, 0x89}, cookie), Options{Set: OptFastOpen, FastOpenSize: 8}},
		"other experiment":     {join([]byte{254, 12, 0xf9, 0x88}, cookie), Options{}},
		"multipath":            {join([]byte{30, 12}, cookie, []byte{0, 0}), Options{Set: OptMPTCP}},
		"multipath, joining":   {join([]byte{30, 12, 0x10, 1}, cookie), Options{Set: OptMPTCP | OptMPJoin}},
		"unknown kind":         {[]byte{99, 4, 1, 2, 4, 2}, Options{Set: OptSACKPermitted}},
	} {
		var got Options
		if got.parse(c.in); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestTCPHeader(t *testing.T) {
	short := func(words byte) []byte { return with(tcp(nil, "hello"), 12, words<<4) }
	for name, c := range map[string]struct {
		in   []byte
		want Verdict
		size int
	}{
		"no options":          {tcp(nil, "hello"), Decoded, 5},
		"no payload":          {tcp(nil, ""), Decoded, 0},
		"offset below 5":      {short(4), Malformed, 0},
		"offset 0":            {short(0), Malformed, 0},
		"offset to the end":   {with(tcp(nil, "hell"), 12, 6<<4), Decoded, 0},
		"offset past the end": {short(7), Malformed, 0},
		"longest header":      {tcp(make([]byte, 40), "hello"), Decoded, 5},
		"19 bytes":            {tcp(nil, "")[:19], Malformed, 0},
		"empty":               {nil, Malformed, 0},
	} {
		var seg Segment
		if got := decodeTCP(c.in, len(c.in), &seg); got != c.want || got == Decoded && seg.Len != c.size {
			t.Errorf("%s: %v, %d bytes; want %v, %d", name, got, seg.Len, c.want, c.size)
		}
	}
}

// TestCutOptions cuts a header at each of its bytes: the options that are
// whole come out, the rest is as if it were not there.
func TestCutOptions(t *testing.T) {
	options := []byte{2, 4, 5, 0xb4, 1, 3, 3, 7, 4, 2, 1, 1}
	whole := tcp(options, "hello")
	for cut := 20; cut <= len(whole); cut++ {
		var want Options
		for bit, end := range map[OptionSet]int{OptMSS: 24, OptWindowScale: 28, OptSACKPermitted: 30} {
			if cut >= end {
				want.Set |= bit
			}
		}
		if want.Has(OptMSS) {
			want.MSS = binary.BigEndian.Uint16(options[2:])
		}
		if want.Has(OptWindowScale) {
			want.Scale = 7
		}
		var seg Segment
		if v := decodeTCP(whole[:cut], len(whole), &seg); v != Decoded || seg.Options != want || seg.Len != 5 {
			t.Errorf("cut at %d: %v, %+v, %d bytes", cut, v, seg.Options, seg.Len)
		}
		if want := max(0, cut-32); len(seg.Payload) != want {
			t.Errorf("cut at %d: payload of %d bytes, want %d", cut, len(seg.Payload), want)
		}
	}
}
