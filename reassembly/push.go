package reassembly

import "connlint/capture"

// push notes whether the highest bytes of the flow came with PSH.
func (f *Flow) push(s *capture.Segment, end capture.Seq) {
	switch {
	case end.Before(f.next):
	case s.Flags&capture.PSH != 0:
		f.has |= hasPushed
	default:
		f.has &^= hasPushed
	}
}

// Pushed reports whether the side's last bytes so far came with PSH, which
// stacks set where they have nothing more to send (RFC 9293 §3.9.1, SEND). Without
// it more was waiting, and what kept it back was not the application.
func (f *Flow) Pushed() bool { return f.has&hasPushed != 0 }
