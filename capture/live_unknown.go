//go:build linux || pcap

package capture

import (
	"errors"
	"net"
	"strings"
)

// unknownInterface says which interfaces there are; more are names that stand
// for several.
func unknownInterface(name string, more ...string) *Error {
	e := &Error{Path: name, Err: errors.New("no such interface")}
	names := []string{}
	all, err := net.Interfaces()
	for _, i := range all {
		names = append(names, i.Name)
	}
	if err == nil {
		e.Hint = "there are " + strings.Join(append(names, more...), ", ")
	}
	return e
}
