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

// The unit's command line is one that this program takes.
func TestServiceFlagsExist(t *testing.T) {
	text := serviceUnit(t)
	line := regexp.MustCompile(`(?m)^ExecStart=\S+/connlint (.*)$`).FindStringSubmatch(text)
	if line == nil {
		t.Fatal("no ExecStart of connlint")
	}
	args := strings.Fields(strings.ReplaceAll(line[1], "${INTERFACE}", "any"))
	if _, err := parse(args); err != nil {
		t.Errorf("%q: %v", args, err)
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

// systemd has nothing to complain about, and calls the service well guarded.
func TestServiceVerifies(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("systemd-analyze is not installed: the unit is not verified")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "connlint.service")
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(serviceUnit(t), "/usr/local/bin/connlint", self)), 0o644); err != nil {
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
