package reassembly

import "bytes"

// History tells a connection's life in letters, in the manner of Zeek: upper
// case is the client, lower case the server, each letter stands where the
// thing first happened on that side.
//
//	S SYN   H SYN-ACK   A pure ACK   D data   F FIN   R RST
//	T retransmission   O out of order   G gap in the capture
//	W window shut   K keep-alive probe
type History struct {
	text [2 * 11]byte // every letter of both sides once: add cannot overflow
	n    uint8
}

func (h *History) add(side Side, letter byte) {
	if side == Server {
		letter |= lowerCase
	}
	if bytes.IndexByte(h.text[:h.n], letter) < 0 {
		h.text[h.n] = letter
		h.n++
	}
}

// lowerCase is the bit between an upper case letter and its lower case.
const lowerCase = 'a' - 'A'

func (h *History) swap() {
	for i := range h.n {
		h.text[i] ^= lowerCase
	}
}

func (h History) String() string { return string(h.text[:h.n]) }
