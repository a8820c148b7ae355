package capture

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/pcapgo"
)

// A file read through pcapgo and the adaptor is the file read by us.
func TestFromGopacketReadsEqual(t *testing.T) {
	want := sampleRaws(20)
	src, err := pcapgo.NewReader(bytes.NewReader(plainPcap(want).bytes))
	if err != nil {
		t.Fatal(err)
	}
	got, err := readRaws(t, FromGopacket(src, LinkEthernet, "test"))
	if err != io.EOF {
		t.Fatal(err)
	}
	wantRaws(t, got, want)
}

func TestFromGopacketNumbersErrors(t *testing.T) {
	f := plainPcap(sampleRaws(5))
	src, err := pcapgo.NewReader(bytes.NewReader(f.bytes[:f.ends[4]+3]))
	if err != nil {
		t.Fatal(err)
	}
	got, err := readRaws(t, FromGopacket(src, LinkEthernet, "test"))
	if e, ok := errors.AsType[*Error](err); len(got) != 4 || !ok || e.Packet != 5 || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatalf("%d packets, then %v", len(got), err)
	}
}

// panicking is a source with the fault of pcapgo's NgReader.
type panicking struct{ left int }

func (p *panicking) ZeroCopyReadPacketData() ([]byte, gopacket.CaptureInfo, error) {
	p.left--
	return make([]byte, 100/p.left), gopacket.CaptureInfo{Length: 1}, nil
}

func TestFromGopacketSurvivesItsSource(t *testing.T) {
	got, err := readRaws(t, FromGopacket(&panicking{4}, LinkRaw, "test"))
	if len(got) != 3 || !strings.Contains(err.Error(), "test: packet 4: the packet source panicked: runtime error: integer divide by zero") {
		t.Fatalf("%d packets, then %v", len(got), err)
	}
}
