package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/net/netutil"
)

// The bounds of what --listen serves. They are for a monitoring system and a
// person beside it, not for the world.
const (
	maxListening  = 16 // connections at a time; more wait in the kernel's queue
	maxHeader     = 8 << 10
	headerTimeout = 5 * time.Second
	answerTimeout = 10 * time.Second
	idleTimeout   = 2 * time.Minute // outlasts the usual interval of scrapes
	partTimeout   = time.Second     // for answers under way when the run ends
)

// listenAddress checks what --listen says. Without a host it is loopback: to
// be seen from elsewhere is asked for by name.
func listenAddress(s string) (string, error) {
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return "", fmt.Errorf("--listen %q: it is an address and a port such as 127.0.0.1:9807", s)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 && port != "0" {
		return "", fmt.Errorf("--listen %q: the port is a number up to 65535", s)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port), nil
}

// pages are what --listen serves.
type pages struct {
	listener net.Listener
	server   *http.Server
	done     chan struct{} // closed when the server has ended
}

// listen takes the address, so that one that cannot be had is known before
// the first packet. Serve answers there.
func listen(address string) (*pages, error) {
	l, err := net.Listen("tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("--listen %s: another program listens there; choose another port", address)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return nil, fmt.Errorf("--listen %s: this host has no such address", address)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("--listen %s: not allowed; ports below 1024 need CAP_NET_BIND_SERVICE", address)
	case err != nil:
		return nil, fmt.Errorf("--listen %s: %w", address, errors.Unwrap(err))
	}
	return &pages{listener: l, done: make(chan struct{})}, nil
}

// address is where it listens.
func (s *pages) address() net.Addr { return s.listener.Addr() }

// serve answers until close, on a goroutine of its own.
func (s *pages) serve(metrics http.Handler, p *pulse, log zerolog.Logger) {
	s.server = &http.Server{
		Handler:           s.mux(metrics, p),
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       headerTimeout,
		WriteTimeout:      answerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          nobody(),
	}
	go func() {
		defer close(s.done)
		if err := s.server.Serve(netutil.LimitListener(s.listener, maxListening)); !errors.Is(err, http.ErrServerClosed) {
			log.Warn().Msgf("--listen %s: %v; the capture goes on without it", s.address(), err)
		}
	}()
}

// close lets answers under way end, for a moment, and frees the address.
func (s *pages) close() {
	if s.server == nil {
		s.listener.Close()
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), partTimeout)
	defer cancel()
	if s.server.Shutdown(ctx) != nil {
		s.server.Close()
	}
	<-s.done
}

const index = "connlint: /metrics is for Prometheus,\n/healthz says whether packets are still read.\n"

// mux chooses the page. Nothing is changed by a request, so only GET and
// HEAD are answered.
func (s *pages) mux(metrics http.Handler, p *pulse) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { plainText(w, http.StatusOK, index) })
	mux.HandleFunc("GET /healthz", p.answer)
	mux.Handle("GET /metrics", metrics)
	local := false
	if tcp, ok := s.address().(*net.TCPAddr); ok {
		local = tcp.IP.IsLoopback()
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if local && !localName(r.Host) {
			plainText(w, http.StatusForbidden, "this listens on loopback: ask for localhost or 127.0.0.1\n")
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// localName reports whether a Host field names this very host. A page of some
// site, open in a browser here, could have its name point to 127.0.0.1 and
// read along (DNS rebinding); the field still has the site's name then.
func localName(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.Unmap().IsLoopback()
}

func plainText(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	io.WriteString(w, text)
}
