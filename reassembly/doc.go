// Package reassembly turns segments into connections: which packets belong
// together, from which SYN to which RST, what each side sent, in what order
// its bytes stand, what was lost, repeated, reordered or never captured, how
// far away each host is from the capture point, who closed and how.
//
// It knows TCP and no more. It may not know what the bytes mean (the one
// exception, telling a client from a server where the handshake is missing,
// is a function that the caller gives it), nothing of rules, and nothing of
// files. The clock is the capture time of the segments.
//
// A packet that stands in the capture twice (mirror ports, several interfaces,
// a router before and behind) is judged once: copies are set aside before
// anything else, and of two places a path apart one is believed.
//
// Where segments overlap with different content, the copy that was captured
// first wins, byte by byte, as at a receiver that keeps what it has; whether
// its turn had come or it waited behind a hole makes no difference. Hosts do
// differ in this, and a sender who counts on it can make two observers read two
// texts: whoever looks for attacks must know the receiver, which a capture does
// not show. A segment out of the receiver's window, an RST among them, is
// counted and not believed.
//
// Memory: connection records live in slabs without pointers and are reused;
// a *Connection is borrowed by the [Handler] from Open until Close returns.
// Payload bytes are borrowed for the call; out-of-order bytes are copied into
// a bounded store until their place in the stream is reached.
package reassembly
