// Package livetest says whether a test may capture, and gives it a network of
// its own to capture on. Tests alone import it.
//
// Capturing takes root. Where a test cannot do it, it is skipped, saying why;
// where CONNLINT_LIVE=required says that it can, it fails instead.
package livetest

import (
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
)

// Need skips or fails the test where it cannot capture: without root, or without
// one of the programs it needs; iproute2's ip is always one of them.
func Need(t testing.TB, tools ...string) {
	t.Helper()
	absent := ""
	for _, tool := range append(tools, "ip") {
		if _, err := exec.LookPath(tool); err != nil {
			absent = tool + " is not installed"
		}
	}
	if runtime.GOOS != "linux" || os.Geteuid() != 0 {
		absent = "only root on Linux may make network namespaces and capture"
	}
	switch {
	case absent == "":
	case os.Getenv("CONNLINT_LIVE") == "required":
		t.Fatalf("CONNLINT_LIVE=required, but %s", absent)
	default:
		t.Skipf("no live capture: %s; CONNLINT_LIVE=required makes this a failure", absent)
	}
}

// IP runs commands of iproute2's ip, each split at its spaces.
func IP(t testing.TB, commands ...string) {
	t.Helper()
	for _, c := range commands {
		if out, err := exec.Command("ip", strings.Fields(c)...).CombinedOutput(); err != nil {
			t.Fatalf("ip %s: %v: %s", c, err, out)
		}
	}
}
