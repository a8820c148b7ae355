// Package tls reads TLS from outside, without keys: the ordered bytes of the
// two directions of a connection go in, and what the record layer and the
// plain part of the handshake give away comes out. That is who spoke when,
// whether the handshake was full or resumed, how many round trips it took,
// which bytes are application data and, with less certainty, whether those
// are HTTP/2.
//
// A [Conn] takes bytes through Data and losses through Gap and tells a
// [Handler] of each stretch of a record as it comes. It keeps no bytes but a
// hello that is not complete yet (at most 16 KiB, and never more than have
// arrived), the server name and the ALPN list.
//
// # What is certain and what is guessed
//
// Up to TLS 1.2 the record header tells the type of every record, so every
// [Kind] is certain. In TLS 1.3 (RFC 8446 §5.2) all encrypted records are of
// the outer type 23, so the kinds behind them are told apart by place and
// size. A TLS 1.3 record holds the plaintext, one byte of inner type, padding
// (nobody is known to pad by default) and the tag, 16 bytes but for
// AES_128_CCM_8. The cipher suite stands in the plain ServerHello, therefore
// the size of a Finished is known: 4 + hash + 1 + tag, 53 or 69 bytes.
//
//   - Client: until its Finished, records are early data if early data were
//     offered, else the encrypted handshake flight: one record of the size of
//     Finished, or Certificate, CertificateVerify and Finished before it, or
//     all of them in one record as BoringSSL packs them. A second record that
//     has neither the size of a Finished nor that of a CertificateVerify
//     proves that the first was such a packed flight.
//   - Server: until the client's Finished, records are the encrypted flight.
//     One of the size of Finished behind the certificate ends it: what follows
//     (crypto/tls sends its ticket here) is judged as below.
//   - Server, afterwards: its first records are session tickets if the client
//     offered psk_key_exchange_modes (without it no ticket may be sent, RFC
//     8446 §4.2.9), no data have come before, the first has 74 to 1300 bytes
//     and came no later than an answer to the Finished can come (twice the
//     time from ClientHello to ServerHello and 20 ms), and the others have the
//     size of the first. A first small response of a server that sends no
//     tickets looks the same: such a record is marked Unsure, and a consumer
//     that finds a request with no other answer takes it for the answer.
//   - Both: a record with 2 bytes of plaintext is an alert, since nothing may
//     follow a close_notify or a fatal alert and no HTTP/2 frame is so small.
//     If the same side sends on all the same, it was data, and from then on
//     such records of that side are data, Unsure.
//
// KeyUpdate cannot be told from the last chunk of a chunked body (5 bytes of
// plaintext both) and is counted as data.
//
// The package never fails: bytes that are no TLS are reported as Unknown, and
// the facts gathered before stand.
package tls
