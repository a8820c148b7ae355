package capture

import (
	"io"

	"github.com/google/gopacket"
)

// First is r without what follows its first n packets: then it ends with
// io.EOF. It counts as Wireshark does, packets of every kind.
func First(r ReadCloser, n uint64) ReadCloser { return &first{ReadCloser: r, left: n} }

type first struct {
	ReadCloser
	left uint64
}

func (f *first) ZeroCopyReadPacketData() ([]byte, gopacket.CaptureInfo, error) {
	if f.left == 0 {
		return nil, gopacket.CaptureInfo{}, io.EOF
	}
	data, ci, err := f.ReadCloser.ZeroCopyReadPacketData()
	if err == nil {
		f.left-- // an Idle of a live reader is no packet
	}
	return data, ci, err
}

// Untimed is that of the reader behind it.
func (f *first) Untimed() uint64 { return untimed(f.ReadCloser) }

// untimed is how many packets without a capture time r has read: none, unless
// it can tell.
func untimed(r any) uint64 {
	if u, ok := r.(interface{ Untimed() uint64 }); ok {
		return u.Untimed()
	}
	return 0
}
