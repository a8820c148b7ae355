//go:build !pcap

package capture

import (
	"net"
	"strconv"
	"sync"
)

// placesMost is how many interfaces a live capture tells apart: as many as
// Segment.Interface does. A host makes as many only in years of containers
// that come and go; those after it count as the last one.
const placesMost = 1<<16 - 1

// places numbers the interfaces of a capture in the order in which they are
// met. The system's own numbers only ever grow, those of a Segment have
// 16 bits.
type places struct {
	system int // the system's number of the interface met last
	index  int // and ours
	known  map[int]int

	mu    sync.Mutex // guards names
	names []string
}

// of is our number of the interface that the system numbers so.
func (p *places) of(system int) int {
	if system == p.system && p.known != nil {
		return p.index
	}
	index, ok := p.known[system]
	if !ok {
		index = p.add(system)
	}
	p.system, p.index = system, index
	return index
}

// add numbers an interface that was not met before.
func (p *places) add(system int) int {
	if p.known == nil {
		p.known = map[int]int{}
	}
	if len(p.known) == placesMost {
		return placesMost - 1
	}
	name := "if" + strconv.Itoa(system) // of one that is gone already
	if iface, err := net.InterfaceByIndex(system); err == nil {
		name = iface.Name
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.known[system] = len(p.names)
	p.names = append(p.names, name)
	return len(p.names) - 1
}

// name is that of the interface with our number, "" if there is none.
func (p *places) name(index int) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if index < 0 || index >= len(p.names) {
		return ""
	}
	return p.names[index]
}
