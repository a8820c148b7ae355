// Package capture turns capture files and live interfaces into TCP segments.
//
// It is the first room of the pipeline and the only one that knows gopacket,
// link layers and file formats. A [Source] yields one [Packet] after another
// in the order of the capture; nothing here knows what a connection is, and
// nothing here asks the operating system for the time: the clock of a run is
// the time in the packets.
//
// [Open] reads files; a [Rotation] reads several as one. [OpenLive] reads an
// interface of Linux, or all of them, from a ring that the kernel fills
// (TPACKET_V3), without libpcap; built with the tag pcap, libpcap reads it on
// other systems. In silence a live capture returns [Idle] from the clock that
// it was given, so that what waits for time to pass is judged without a packet.
// A [Filter] chooses among decoded segments; live, its coarser program drops
// most of the rest in the kernel. A [Recorder] writes what is captured as
// pcapng, to files that may rotate.
//
// Memory: everything a Source yields is borrowed until its next Next. A
// consumer that keeps payload bytes copies them.
package capture
