package http1

// unread reports whether the direction's latest bytes belong to no message: a
// hole, noise, or a start line that a limit or its end kept from being one.
func (h *half) unread() bool {
	switch h.state {
	case skipping, surplus, lost, onTrial:
		return true
	}
	return false
}
