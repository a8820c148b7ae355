// Package timeline turns connections and messages into transactions with an
// account of their time: the stretch from start to end of each is cut into
// spans with one cause each, which add up to the whole to the nanosecond.
//
// All rules about time read the account; none hunts gaps of its own. The
// package may not know rules, findings or reports. It judges nothing: that a
// server waited 200 ms is a fact here, whether that is too long is a rule's
// business.
//
// A transaction starts with the SYN if it is the first on its connection and
// its request followed the handshake at once; else with the earliest packet
// that carried any byte of its request. It ends with the last byte of its
// response. On an encrypted connection a turn (what the client says until the
// server has answered) stands for a transaction.
//
// What connections leave at the two hosts (ports, sockets in TIME-WAIT) is
// gathered by [Host], out of sums that do not depend on the order in which
// connections end: it can be made of the closes that several workers saw.
//
// A proxy has a request on two connections. Where both are in the capture they
// are joined into a [Path], for handlers that ask for it (see [PathHandler]).
//
// Memory: a [Connection] and all it points to is borrowed by the handler from
// Open until Close returns, a [Transaction] for the call alone.
package timeline
