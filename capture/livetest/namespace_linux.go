package livetest

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// marker holds the name of the test in the process that [InNamespace] starts.
const marker = "CONNLINT_TEST_NAMESPACE"

// InNamespace reports whether the test runs in a network namespace of its own,
// with loopback up. If not, it runs the test again, in one, and reports what
// came of it; the caller returns then.
func InNamespace(t *testing.T) bool {
	t.Helper()
	Need(t)
	if os.Getenv(marker) == t.Name() {
		IP(t, "link set lo up")
		return true
	}
	again := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout=120s")
	again.Env = append(os.Environ(), marker+"="+t.Name())
	again.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	out, err := again.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Fatalf("in a namespace: %v\n%s", err, out)
	}
	t.Logf("in a namespace:\n%s", out)
	return false
}
