package output_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"connlint/output"
)

var update = flag.Bool("update", false, "write the golden reports anew")

// golden are captures with known truth whose reports are kept as they are
// printed: testdata/golden has one for each. The facts in them were held
// against the lab's truth and against tshark; after -update the difference is
// to be read, not to be trusted.
var golden = []struct {
	capture      string
	transactions int
}{
	{"01-keepalive-clean-lan/client.pcap", 0},
	{"02-close-by-server/client.pcap", 0},
	{"03-nagle-response-40ms/client.pcap", 5},
	{"06-reset-mid-response/client.pcap", 0},
	{"07-dumb-proxy-hang/proxy.pcap", 0},
	{"07-keepalive-race/client.pcap", 0},
	{"09-time-wait-client/client.pcap.gz", 0},
	{"10-loss-and-nagle/client.pcap", 0},
	{"11-snaplen-96/client.pcap", 0},
	{"13-mixed/client.pcap.gz", 10},
}

// TestGoldenReports compares reports with what they were.
func TestGoldenReports(t *testing.T) {
	lab := os.Getenv("CONNLINT_LAB")
	if lab == "" {
		t.Log("CONNLINT_LAB is not set: only the captures of the repository are read")
		lab = "../testdata/lab"
	}
	read := 0
	for _, g := range golden {
		path := filepath.Join(lab, g.capture)
		if _, err := os.Stat(path); err != nil && os.Getenv("CONNLINT_LAB") == "" {
			continue
		}
		read++
		var b bytes.Buffer
		w := output.NewText(&b, output.TextOptions{Transactions: g.transactions})
		if err := analyseAs(t, w, []string{g.capture}, []string{path}); err != nil {
			t.Fatal(err)
		}
		checkShape(t, g.capture, b.String())
		file := filepath.Join("testdata", "golden", strings.ReplaceAll(filepath.Dir(g.capture), "/", "-")+".txt")
		if *update {
			if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(b.Bytes(), want) {
			t.Errorf("%s has\n%s\nbut the report is\n%s", file, want, b.Bytes())
		}
	}
	if read == 0 {
		t.Error("no capture was read")
	}
}
