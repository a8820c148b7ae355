package tls

import (
	"context"
	stdtls "crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// readTap records both directions as the client sees them.
type readTap struct{ tapped }

func (c readTap) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.tap.add(false, b[:n])
	}
	return n, err
}

// browse gets pages of the given sizes over one connection that offers h2
// and http/1.1, and says which was spoken.
func browse(t *testing.T, version uint16, h2 bool, sizes []int) (pieces []piece, proto int) {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var n int
		fmt.Sscanf(r.URL.Path, "/%d", &n)
		if n == 0 {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		io.WriteString(w, strings.Repeat("x", n))
	}))
	s.EnableHTTP2 = h2
	s.TLS = &stdtls.Config{MinVersion: version, MaxVersion: version}
	s.StartTLS()
	defer s.Close()
	rec := new(tap)
	tr := &http.Transport{
		ForceAttemptHTTP2: true,
		TLSClientConfig:   &stdtls.Config{InsecureSkipVerify: true, ClientSessionCache: stdtls.NewLRUClientSessionCache(1)},
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := new(net.Dialer).DialContext(ctx, network, addr)
			return readTap{tapped{c, rec, true}}, err
		},
	}
	defer tr.CloseIdleConnections()
	for _, n := range sizes {
		resp, err := (&http.Client{Transport: tr}).Get(fmt.Sprintf("%s/%d", s.URL, n))
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		proto = resp.ProtoMajor
	}
	rec.mu.Lock()
	defer rec.mu.Unlock()
	return rec.pieces[:len(rec.pieces):len(rec.pieces)], proto
}

// TestHTTP2 holds the verdict against what net/http spoke.
func TestHTTP2(t *testing.T) {
	pages := [][]int{{0, 0, 0}, {5}, {1, 20, 300}, {40000, 2}, {0, 7, 0, 7, 0, 7, 0, 7, 0, 7, 0, 7}}
	for _, version := range []uint16{Version12, Version13} {
		for _, h2 := range []bool{false, true} {
			for _, sizes := range pages {
				pieces, proto := browse(t, version, h2, sizes)
				if (proto == 2) != h2 {
					t.Fatalf("the test spoke HTTP/%d", proto)
				}
				c, _ := run(pieces)
				want := map[bool]Verdict{false: Unlikely, true: Likely}[h2]
				if version == Version12 {
					want = map[bool]Verdict{false: No, true: Yes}[h2]
				}
				if got := c.HTTP2(); got != want {
					t.Errorf("version %#x, h2 %v, pages %v: %v, want %v (%+v)", version, h2, sizes, got, want, c.shape)
				}
			}
		}
	}
}

func TestIsSettings(t *testing.T) {
	for n, want := range map[int]bool{8: false, 9: true, 15: true, 27: true, 40: true, 18: true, 31: true,
		25:  false, // "HTTP/1.1 100 Continue\r\n\r\n"
		19:  false, // "HTTP/1.1 200 OK\r\n\r\n"
		100: false, 64: false, -1: false} {
		if isSettings(n) != want {
			t.Errorf("%d bytes: %v", n, !want)
		}
	}
}

// TestShape: one sign of HTTP/2 leaves it open for a while, two do.
func TestShape(t *testing.T) {
	for _, tt := range []struct {
		name  string
		plain []int // negative: the server's
		want  Verdict
	}{
		{"settings before the request", []int{-40, 90}, Likely},
		{"the same size behind it", []int{90, -40}, Undecided},
		{"the same, and nothing more", []int{90, -40, 90, -40, 90, -40, 90, -40, 90, -40, 90, -40, 90, -40, 90, -40}, Unlikely},
		{"acknowledged by the client", []int{90, -40, 9}, Likely},
		{"acknowledged by the server", []int{90, -40, -9}, Likely},
		{"a page", []int{90, -700}, Unlikely},
		{"a page that comes first", []int{-700, 90}, Unlikely},
	} {
		var s shape
		for _, n := range tt.plain {
			s.note(index(n > 0), max(n, -n))
		}
		if got := s.verdict(); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}
