package capture

// Matching is src without the packets that f does not choose. They keep their
// numbers and stay in all counts of Stats; Filtered says how many they are.
// Idle and errors of src pass through. It is closed with src.
//
// Packets are chosen one by one as src yields them, whatever a tunnel or a
// fragment did to them; it costs no memory.
func Matching(src Source, f *Filter) Source { return &matching{Source: src, filter: f} }

type matching struct {
	Source
	filter   *Filter
	filtered uint64
}

// Next implements [Source].
func (m *matching) Next() (*Packet, error) {
	for {
		p, err := m.Source.Next()
		if err != nil || p.Kind != TCP || m.filter.Match(&p.Segment) {
			return p, err
		}
		m.filtered++
	}
}

// Stats implements [Source].
func (m *matching) Stats() Stats {
	s := m.Source.Stats()
	s.Filtered += m.filtered
	return s
}
