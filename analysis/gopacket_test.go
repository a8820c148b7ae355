package analysis_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/gopacket/pcapgo"

	"connlint/analysis/rules"
	"connlint/analysis/ruletest"
	"connlint/capture"
)

// TestAnyGopacketSource runs captures through the whole program twice: read by
// our reader, and by gopacket's.
func TestAnyGopacketSource(t *testing.T) {
	files, _ := filepath.Glob("../testdata/lab/*/client.pcap")
	if len(files) == 0 {
		t.Fatal("no captures")
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		ours, err := capture.NewReader(bytes.NewReader(data), file)
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := pcapgo.NewReader(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		want := records(t, capture.NewFile(ours, file, 0))
		got := records(t, capture.NewFile(capture.FromGopacket(theirs, capture.LinkEthernet, file), file, 0))
		if !slices.Equal(got, want) || len(want) == 0 {
			t.Errorf("%s: %d records through gopacket's reader, %d through ours, or they differ", file, len(got), len(want))
		}
	}
}

func records(t *testing.T, src capture.Source) []string {
	t.Helper()
	result, err := ruletest.Run(ruletest.Options{Rules: rules.All()}, src)
	if err != nil {
		t.Fatal(err)
	}
	return result.Records()
}
