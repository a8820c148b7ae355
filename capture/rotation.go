package capture

import (
	"cmp"
	"slices"
	"sort"
)

// Rotation is one capture that lies in several files, as tcpdump -C, -G and
// -W, dumpcap -b and a [Recorder] with a RotateSize leave it. [Rotation.Open]
// reads them one behind the other as one source: packets are numbered over all
// of them, and the Rotation knows in which file a number lies.
//
// It belongs to the goroutine that reads.
type Rotation struct {
	parts     []Part
	at        int // the part at hand; before the first it is -1
	reordered bool
}

// Part is one file of a rotated capture, and how far it has been read.
type Part struct {
	Path    string // as the user gave it
	Before  uint64 // packets in the parts before it; 0 until Reached
	Packets uint64 // in it, as far as it has been read
	// First and Last are the earliest and the latest capture time in it, in ns
	// since the Unix epoch; 0 without packets.
	First, Last int64
	Reached     bool  // the reading came to it
	Err         error // why it was not read to its end, an [*Error]; nil if it was
	bytes       int64 // of the file, 0 if not known
}

// NewRotation puts the files of a rotated capture, of which there is at least
// one, into the order of their first packets: the names of a ring (tcpdump -W)
// begin again from the first, and shells sort 10 before 2. What is equal in
// time stays in the order given, and so does a file without a packet, or
// without a time, behind the one given before it. Each is opened, read as far
// as that packet, and closed; one that cannot be read is found out by Open.
func NewRotation(paths []string) *Rotation {
	r := &Rotation{at: -1}
	type dated struct {
		Part
		begins int64
	}
	all := make([]dated, len(paths))
	for i, path := range paths {
		all[i].Part = Part{Path: path}
		if i > 0 {
			all[i].begins = all[i-1].begins
		}
		ns, bytes, ok := beginning(path)
		if all[i].bytes = bytes; ok {
			all[i].begins = ns
		}
	}
	earlier := func(a, b dated) int { return cmp.Compare(a.begins, b.begins) }
	r.reordered = !slices.IsSortedFunc(all, earlier)
	slices.SortStableFunc(all, earlier)
	for i := range all {
		r.parts = append(r.parts, all[i].Part)
	}
	return r
}

// beginning is when the first packet of a file was captured, in ns since the
// Unix epoch, if it has one with a time; and how large the file is.
func beginning(path string) (ns, bytes int64, ok bool) {
	reader, bytes, err := openPart(path)
	if err != nil {
		return 0, bytes, false
	}
	defer reader.Close()
	_, ci, err := reader.ZeroCopyReadPacketData()
	if err != nil || untimed(reader) > 0 {
		return 0, bytes, false
	}
	return ci.Timestamp.UnixNano(), bytes, true
}

// Parts are the files in the order in which they are read. They are borrowed
// and change while the Rotation is read.
func (r *Rotation) Parts() []Part { return r.parts }

// Reordered reports whether that is not the order in which they were given.
func (r *Rotation) Reordered() bool { return r.reordered }

// Bytes is how large the files are together, as they lie on disk.
func (r *Rotation) Bytes() int64 {
	var sum int64
	for i := range r.parts {
		sum += r.parts[i].bytes
	}
	return sum
}

// Name is that of the whole: the names of the first part and of the last.
func (r *Rotation) Name() string {
	first, last := r.parts[0].Path, r.parts[len(r.parts)-1].Path
	if len(r.parts) == 1 {
		return first
	}
	return first + " … " + last
}

// Place is where the packet that has a number in the whole can be found: the
// index of its part and its number there, the one that Wireshark shows. The
// packet has been read, or number is 0.
func (r *Rotation) Place(number uint64) (part int, own uint64) {
	reached := r.parts[:r.at+1]
	part = max(0, sort.Search(len(reached), func(i int) bool { return reached[i].Before >= number })-1)
	return part, number - r.parts[part].Before
}

// Overlap is the first part that begins more than a second before the one
// before it ends, so that it is hardly the next of the same capture; 0: there
// is none. By less, packets of several interfaces and cores may be out of
// order.
func (r *Rotation) Overlap() int {
	last := int64(0)
	for i := range r.parts {
		p := &r.parts[i]
		if p.Packets == 0 {
			continue
		}
		if last != 0 && p.First < last-tickMargin {
			return i
		}
		last = p.Last
	}
	return 0
}

// Open reads the parts, of which one at a time is open, as one. It is called
// once. A part that is damaged ends where the damage begins: its Err says so,
// and behind a [Hole] the next one follows. The errors of the reader are that
// and io.EOF.
func (r *Rotation) Open() ReadCloser {
	return &rotated{rotation: r, sites: sites{index: map[siteKey]int{}}}
}
