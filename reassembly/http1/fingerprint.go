package http1

// The 64-bit FNV-1a hash: order matters, how the bytes were cut does not.
const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)

// hashedBody is how many bytes of a request's body go into its digest: what
// tells two forms apart stands near the front, and a large upload must not
// cost a multiplication for each of its bytes.
const hashedBody = 4096

func hash(h uint64, b []byte) uint64 {
	for _, c := range b {
		h = (h ^ uint64(c)) * fnvPrime
	}
	return h
}

// digest takes b, which follows the m.Body bytes of the body that were counted
// so far, into the digest of a request's body.
func (m *Message) digest(b []byte) {
	if m.Dir == Request && m.Body.n < hashedBody {
		m.bodyHash = hash(m.bodyHash, b[:min(uint64(len(b)), hashedBody-m.Body.n)])
	}
}

// BodyDigest stands for the length and the first 4 KiB of a request's body. ok
// is false if the body is not whole, or bytes of it are not in the capture.
func (m *Message) BodyDigest() (digest uint64, ok bool) {
	if m.Dir != Request || m.End != Complete || m.Missing > 0 {
		return 0, false
	}
	return m.bodyHash ^ m.Body.n*fnvPrime, true
}

// HeadDigest stands for what a request asks for, so that the same request is
// known when it is sent again: method, target, Host, Range and the declared
// length of its body. Other fields may change from one try to the next (a
// date, the number of the try). ok is false if the head is not whole.
func (m *Message) HeadDigest() (digest uint64, ok bool) {
	if m.Dir != Request || m.Head.IsZero() || len(m.Start.Method) == 0 {
		return 0, false
	}
	h := uint64(fnvOffset)
	for _, part := range [...][]byte{m.Start.Method, m.Start.Target, m.Header.Get("host"), m.Header.Get("range"),
		m.Header.Get("content-length")} {
		h = hash(h, part) * fnvPrime // the bare multiplication parts "ab","c" from "a","bc"
		h ^= uint64(len(part))
	}
	return h, true
}
