package capture

import (
	"bytes"
	"errors"
)

const (
	// secretsTLS marks a key log in the form of SSLKEYLOGFILE
	// (draft-ietf-opsawg-pcapng §4.7, draft-ietf-tls-keylogfile).
	secretsTLS = 0x544c534b
	// maxSecrets bounds what is kept, in bytes: the keys of some 6,000
	// connections of TLS 1.3.
	maxSecrets = 1 << 20
	// secretOverhead is charged for each log, so that a million empty ones
	// are bounded too.
	secretOverhead = 64
)

// secretStore keeps the key logs of a file for who can decrypt.
type secretStore struct {
	logs [][]byte
	size int
}

// take reads a decryption secrets block: type, length, data.
func (s *secretStore) take(body []byte, order bigEndian) error {
	if len(body) < 8 {
		return errShortBlock
	}
	length := order.u32(body[4:])
	if uint64(length) > uint64(len(body)-8) {
		return errors.New("secrets run past their block")
	}
	size := int(length) + secretOverhead
	if order.u32(body) != secretsTLS || s.size+size > maxSecrets {
		return nil
	}
	s.logs = append(s.logs, bytes.Clone(body[8:8+length]))
	s.size += size
	return nil
}
