package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// serviceUnit is the systemd unit, its comments included.
func serviceUnit(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("connlint.service")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The unit's command lines are ones that this program takes, that with -w too.
func TestServiceFlagsExist(t *testing.T) {
	text := serviceUnit(t)
	lines := regexp.MustCompile(`(?m)^#?ExecStart=\S+/connlint (.*)$`).FindAllStringSubmatch(text, -1)
	if len(lines) != 2 {
		t.Fatalf("%d lines ExecStart of connlint, want one and, as a comment, that with -w", len(lines))
	}
	var args []string
	for _, line := range lines {
		args = strings.Fields(strings.NewReplacer("${INTERFACE}", "any", "${STATE_DIRECTORY}", "/var/lib/connlint").Replace(line[1]))
		if _, err := parse(args); err != nil {
			t.Errorf("%q: %v", args, err)
		}
	}
	if _, err := parse(append(args, "--no-such-flag")); err == nil {
		t.Error("any flag passes")
	}
}

// The unit grants what packets take and nothing else.
func TestServiceHasLeastPrivileges(t *testing.T) {
	have := map[string]string{}
	for line := range strings.Lines(serviceUnit(t)) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(key, "#") {
			have[key] = strings.TrimSpace(have[key] + " " + value)
		}
	}
	for key, want := range map[string]string{
		"AmbientCapabilities":   "CAP_NET_RAW",
		"CapabilityBoundingSet": "CAP_NET_RAW",
		"DynamicUser":           "yes",
		"NoNewPrivileges":       "yes",
		"ProtectSystem":         "strict",
		"ProtectHome":           "yes",
		"PrivateDevices":        "yes",
		"ReadWritePaths":        "",
	} {
		if have[key] != want {
			t.Errorf("%s=%s, want %q", key, have[key], want)
		}
	}
	if have["MemoryMax"] == "" || !strings.Contains(have["RestrictAddressFamilies"], "AF_PACKET") {
		t.Error("no MemoryMax, or no AF_PACKET")
	}
}

// systemd has nothing to complain about, and calls the service well guarded,
// as it is and with what writes packets.
func TestServiceVerifies(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("systemd-analyze is not installed: the unit is not verified")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	plain := strings.ReplaceAll(serviceUnit(t), "/usr/local/bin/connlint", self)
	verifies(t, plain)
	verifies(t, regexp.MustCompile(`(?m)^#(StateDirectory|ExecStart)`).ReplaceAllString(plain, "$1"))
}

func verifies(t *testing.T, unit string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "connlint.service")
	if err := os.WriteFile(path, []byte(unit), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("systemd-analyze", "verify", path).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("verify: %v: %s", err, out)
	}
	// The threshold is in tenths; a service without any guard has 9.6.
	if out, err := exec.Command("systemd-analyze", "security", "--offline=yes", "--threshold=20", path).CombinedOutput(); err != nil {
		t.Errorf("security: %v: %s", err, out)
	}
}
