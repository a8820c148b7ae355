package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Addresses of the two ends of a cable.
const (
	clientIP = "10.77.0.1"
	serverIP = "10.77.0.2"
)

// cable is a veth pair between two network namespaces, in which nothing else
// speaks: a host with a client and one with a server.
type cable struct {
	t              *testing.T
	client, server namespace
}

// namespace is a network namespace by its name under /run/netns.
type namespace string

func newCable(t *testing.T) *cable {
	t.Helper()
	tag := fmt.Sprintf("%d-%x", os.Getpid(), time.Now().UnixNano()&0xffffff)
	c := &cable{t, namespace("connlint-c-" + tag), namespace("connlint-s-" + tag)}
	for _, ns := range [...]namespace{c.client, c.server} {
		c.ip("netns", "add", string(ns))
		t.Cleanup(func() { exec.Command("ip", "netns", "del", string(ns)).Run() })
		c.ip("-n", string(ns), "link", "set", "lo", "up")
	}
	c.ip("link", "add", "web0", "netns", string(c.client), "type", "veth", "peer", "name", "web0", "netns", string(c.server))
	for ns, ip := range map[namespace]string{c.client: clientIP, c.server: serverIP} {
		c.ip("-n", string(ns), "addr", "add", ip+"/24", "dev", "web0")
		c.ip("-n", string(ns), "link", "set", "web0", "up")
	}
	return c
}

func (c *cable) ip(args ...string) {
	c.t.Helper()
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		c.t.Fatalf("ip %s: %v: %s", strings.Join(args, " "), err, out)
	}
}

// shell runs a program in a namespace to its end.
func shell(t *testing.T, ns namespace, name string, args ...string) string {
	t.Helper()
	out, err := ns.command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", name, err, out)
	}
	return string(out)
}

// shell is a program that is to run in the namespace; ip becomes it, so that
// signals reach it.
func (ns namespace) command(name string, args ...string) *exec.Cmd {
	return exec.Command("ip", append([]string{"netns", "exec", string(ns), name}, args...)...)
}

// do calls f on a thread that is in the namespace: the sockets that it makes
// belong there for good. The thread ends with it.
func (ns namespace) do(t *testing.T, f func() error) {
	t.Helper()
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		done <- ns.enter(f)
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func (ns namespace) enter(f func() error) error {
	file, err := os.Open("/run/netns/" + string(ns))
	if err != nil {
		return err
	}
	defer file.Close()
	if err := unix.Setns(int(file.Fd()), unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("setns: %w", err)
	}
	return f()
}

// listen makes a listening socket in the namespace.
func (ns namespace) listen(t *testing.T, address string) net.Listener {
	t.Helper()
	var l net.Listener
	ns.do(t, func() (err error) {
		l, err = net.Listen("tcp", address)
		return err
	})
	t.Cleanup(func() { l.Close() })
	return l
}

// dial connects from within the namespace.
func (ns namespace) dial(ctx context.Context, network, address string) (net.Conn, error) {
	type result struct {
		conn net.Conn
		err  error
	}
	done := make(chan result, 1)
	go func() {
		runtime.LockOSThread()
		var r result
		r.err = ns.enter(func() (err error) {
			r.conn, err = new(net.Dialer).DialContext(ctx, network, address)
			return err
		})
		done <- r
	}()
	r := <-done
	return r.conn, r.err
}

// httpClient is Go's own client in the namespace.
func (ns namespace) httpClient(t *testing.T, keepAlive bool) *http.Client {
	transport := &http.Transport{DialContext: ns.dial, DisableKeepAlives: !keepAlive}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 30 * time.Second}
}
