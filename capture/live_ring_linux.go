//go:build !pcap

package capture

import (
	"errors"
	"fmt"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ringBlock is the size of a block in bytes. Segmentation offload makes
// packets of 64 KiB, with BIG TCP of up to 512 KiB; the kernel cuts what
// a block does not hold.
const ringBlock = 512 << 10

// ring is the memory that a packet socket shares: blocks that the kernel fills
// and gives out in turn, each with a chain of packets.
type ring struct {
	fd     int
	memory []byte
	blocks int
	at     int    // which block is read, or comes next
	block  []byte // being read; nil: none
	left   int    // packets in it that were not read
	offset int    // where the next of them starts
}

// open makes and maps a ring of about size bytes.
func (r *ring) open(size int) error {
	if err := unix.SetsockoptInt(r.fd, unix.SOL_PACKET, unix.PACKET_VERSION, unix.TPACKET_V3); err != nil {
		return fmt.Errorf("this kernel has no packet ring of version 3: %w", err)
	}
	r.blocks = (size + ringBlock - 1) / ringBlock
	const frame = 1 << 11 // means nothing in version 3, but is checked
	err := unix.SetsockoptTpacketReq3(r.fd, unix.SOL_PACKET, unix.PACKET_RX_RING, &unix.TpacketReq3{
		Block_size: ringBlock, Block_nr: uint32(r.blocks), Frame_size: frame, Frame_nr: uint32(r.blocks * (ringBlock / frame)),
		Retire_blk_tov: uint32(blockTimeout.Milliseconds())})
	if errors.Is(err, unix.ENOMEM) {
		return &Error{Err: fmt.Errorf("no memory for a ring of %d bytes", r.blocks*ringBlock), Hint: "ask for a smaller one"}
	}
	if err != nil {
		return fmt.Errorf("no packet ring: %w", err)
	}
	r.memory, err = unix.Mmap(r.fd, 0, r.blocks*ringBlock, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return fmt.Errorf("the packet ring cannot be mapped: %w", err)
	}
	return nil
}

// ready reports whether the kernel has given out the block that comes next.
func (r *ring) ready() bool {
	return atomic.LoadUint32(&r.header().Block_status)&unix.TP_STATUS_USER != 0
}

// header is that of the block at which the ring stands.
func (r *ring) header() *unix.TpacketHdrV1 {
	return (*unix.TpacketHdrV1)(unsafe.Pointer(&r.memory[r.at*ringBlock+int(unsafe.Offsetof(unix.TpacketBlockDesc{}.Hdr))]))
}

// take starts to read the block that comes next. It must be ready. It may be
// empty: old kernels give out such blocks.
func (r *ring) take() {
	h := r.header()
	r.block = r.memory[r.at*ringBlock : (r.at+1)*ringBlock]
	r.left, r.offset = int(h.Num_pkts), int(h.Offset_to_first_pkt)
}

// first is the stamp of the first packet of the block that is being read.
func (r *ring) first() int64 {
	p := (*unix.Tpacket3Hdr)(unsafe.Pointer(&r.block[r.offset]))
	return int64(p.Sec)*1e9 + int64(p.Nsec)
}

// giveBack returns the block that was read to the kernel, if there is one.
func (r *ring) giveBack() {
	if r.block == nil {
		return
	}
	r.block, r.left = nil, 0
	atomic.StoreUint32(&r.header().Block_status, unix.TP_STATUS_KERNEL)
	r.at = (r.at + 1) % r.blocks
}

// next is the memory of the block from the next packet's header on.
func (r *ring) next() []byte {
	p := r.block[r.offset:]
	r.left--
	r.offset += int((*unix.Tpacket3Hdr)(unsafe.Pointer(&p[0])).Next_offset)
	return p
}

// release frees the memory and the socket.
func (r *ring) release() error {
	var errs []error
	if r.memory != nil {
		errs = append(errs, unix.Munmap(r.memory))
	}
	if r.fd >= 0 {
		errs = append(errs, unix.Close(r.fd))
	}
	r.memory, r.block, r.left, r.fd = nil, nil, 0, -1
	return errors.Join(errs...)
}
