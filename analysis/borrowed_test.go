package analysis_test

import (
	"path/filepath"
	"testing"

	"github.com/google/gopacket"

	"connlint/analysis"
	"connlint/analysis/rules"
	"connlint/analysis/ruletest"
	"connlint/capture"
)

// TestBorrowedBytes holds that nothing keeps a packet's bytes beyond the next
// read without a copy: a live ring gives them back to the kernel, which writes
// other packets there. A file's block hides such a fault, since it mostly
// stays as it is.
func TestBorrowedBytes(t *testing.T) {
	for _, path := range captures(t) {
		t.Run(filepath.Base(filepath.Dir(path))+"/"+filepath.Base(path), func(t *testing.T) {
			whole := run(t, path, analysis.Limits{}, nil)
			r, err := capture.Open(path, nil)
			if err != nil {
				t.Fatal(err)
			}
			src := capture.NewFile(&givenBack{ReadCloser: r}, path, 0)
			defer src.Close()
			reused, _ := ruletest.Run(ruletest.Options{Rules: rules.All()}, src) // damage is in run, too
			alike(t, whole.Records(), reused.Records(), "memory that is used again")
		})
	}
}

// givenBack is a reader whose memory belongs to others with the next call.
type givenBack struct {
	capture.ReadCloser
	lent []byte
}

func (g *givenBack) ZeroCopyReadPacketData() ([]byte, gopacket.CaptureInfo, error) {
	for i := range g.lent {
		g.lent[i] = 0xa5
	}
	data, ci, err := g.ReadCloser.ZeroCopyReadPacketData()
	g.lent = append(g.lent[:0], data...)
	return g.lent, ci, err
}
