package capture

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// eachCapture calls f for every capture file under the folder that the
// environment variable names, and skips where it is unset.
func eachCapture(t *testing.T, variable string, f func(t *testing.T, path string)) {
	root := os.Getenv(variable)
	if root == "" {
		t.Skip(variable + " is not set")
	}
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		switch name := e.Name(); {
		case strings.Contains(name, ".pcap") && !strings.HasSuffix(name, ".har"), strings.HasPrefix(name, "PcapPlusPlus__c"):
			f(t, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// tolerated gives the reason why our decoder and gopacket may disagree on a
// packet; "" if they may not. ours says that only we found TCP in it.
func tolerated(link LinkType, data []byte, verdict Verdict, ours bool, fault error) string {
	what := ""
	if fault != nil {
		what = fault.Error()
	}
	switch {
	case ours && (link == linkNFLog || link == linkCHDLC || link == LinkSLL2 || link == LinkIPv4 || link == LinkIPv6 || link == linkArcnetLinux):
		return "gopacket does not know the link type"
	case ours && what == "TCP data offset greater than packet length":
		return "cut header: we take what is there"
	case ours && what == "" && len(data) > 20 && data[20] == protoFragment:
		return "atomic fragment: for gopacket a fragment, so there is no TCP"
	case ours && bytes.Contains(data, be16(portAYIYA)):
		return "gopacket does not know AYIYA"
	case !ours && verdict == Malformed && len(data) > 14 && data[14]>>4 != 4:
		return "gopacket does not look at the IP version"
	}
	return ""
}

// TestAgainstGopacket holds our decoder against gopacket's over every packet
// of every capture there is.
func TestAgainstGopacket(t *testing.T) {
	for _, variable := range []string{"CONNLINT_CAPTURES", "CONNLINT_LAB"} {
		t.Run(variable, func(t *testing.T) {
			var compared, excused int
			reasons := map[string]int{}
			eachCapture(t, variable, func(t *testing.T, path string) {
				c, e := compareFile(t, path, reasons)
				compared, excused = compared+c, excused+e
			})
			t.Logf("%d segments equal, %d packets excused: %v", compared, excused, reasons)
			if compared < 100*max(excused, 100) {
				t.Errorf("only %d segments compared, %d excused", compared, excused)
			}
		})
	}
}

func compareFile(t *testing.T, path string, reasons map[string]int) (compared, excused int) {
	r, err := Open(path, nil)
	if err != nil {
		return 0, 0 // what cannot be opened is the readers' affair
	}
	defer r.Close()
	for number := 1; ; number++ {
		var d Decoder // gopacket knows each packet alone: nor does this one put fragments together
		data, ci, err := r.ZeroCopyReadPacketData()
		if err != nil {
			return compared, excused
		}
		var seg Segment
		link := r.LinkType(ci.InterfaceIndex)
		verdict := d.Decode(link, data, ci.Length, &seg)
		other, ok, fault := dissect(link, data)
		if ok != (verdict == Decoded) {
			reason := tolerated(link, data, verdict, !ok, fault)
			if reason == "" {
				t.Errorf("%s: packet %d: we say %v, gopacket: TCP %v (%v)", filepath.Base(path), number, verdict, ok, fault)
			}
			reasons[reason]++
			excused++
			continue
		}
		if ok {
			compared++
			if s := difference(&seg, &other); s != "" {
				t.Errorf("%s: packet %d: %s", filepath.Base(path), number, s)
			}
		}
	}
}
