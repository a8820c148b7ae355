//go:build !linux && !pcap

package capture

import "errors"

// OpenLive captures from a network interface. This build cannot: outside of
// Linux that takes libpcap, and the build tag pcap.
func OpenLive(cfg LiveConfig) (Live, error) {
	return nil, &Error{Path: cfg.Interface, Err: errors.New("this build has no live capture for this system"),
		Hint: "install libpcap and its headers and build with: go install -tags pcap connlint/cmd/connlint"}
}
