package output

import "connlint/capture"

// whereabouts know in which file a packet lies, and where there: what its
// reader opens is a file, also where several are one source.
type whereabouts struct {
	sources  []string
	rotation *capture.Rotation // nil: each source is a file
}

// files is how many there are.
func (w *whereabouts) files() int {
	if w.rotation != nil {
		return len(w.rotation.Parts())
	}
	return len(w.sources)
}

// name is that of a file, as the user gave it.
func (w *whereabouts) name(file int) string {
	if w.rotation != nil {
		return w.rotation.Parts()[file].Path
	}
	return sourceName(w.sources, uint16(file))
}

// place is where a packet can be looked at.
type place struct {
	file   int // its index
	number uint64
}

// of is the place of a packet.
func (w *whereabouts) of(f capture.Frame) place {
	if w.rotation != nil {
		file, number := w.rotation.Place(f.Number())
		return place{file, number}
	}
	return place{int(f.Source()), f.Number()}
}
