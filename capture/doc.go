// Package capture turns capture files and live interfaces into TCP segments.
//
// It is the first room of the pipeline and the only one that knows gopacket,
// link layers and file formats. A [Source] yields one [Packet] after another
// in the order of the capture; nothing here knows what a connection is, and
// nothing here asks the operating system for the time: the clock of a run is
// the time in the packets.
//
// Memory: everything a Source yields is borrowed until its next Next. A
// consumer that keeps payload bytes copies them.
package capture
