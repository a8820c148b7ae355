package http1

// wanted is what the scripts must give: the transactions, the switch, then the
// surplus.
func wanted() map[string][]string {
	return map[string][]string{
		"plain": {
			"1: GET /a none complete => 200 length 5 of 5 complete",
		},
		"keep-alive": {
			"1: GET /a none complete => 200 length 5 of 5 complete",
			"2: GET /b none complete => 200 length 3 of 3 complete",
		},
		"post": {
			"1: POST /a length 3 of 3 complete => 200 length 5 of 5 complete",
		},
		"HEAD with length": {
			"1: HEAD /a none complete => 200 none absent of 500 complete",
			"2: GET /b none complete => 200 length 5 of 5 complete",
		},
		"HEAD chunked": {
			"1: HEAD /a none complete => 200 none complete",
			"2: GET /b none complete => 200 length 5 of 5 complete",
		},
		"304 with length": {
			"1: GET /a none complete => 304 none absent of 500 complete",
			"2: GET /b none complete => 200 length 5 of 5 complete",
		},
		"204": {
			"1: GET /a none complete => 204 none complete",
			"2: GET /b none complete => 200 length 5 of 5 complete",
		},
		"204 with length": {
			"1: GET /a none complete => 204 none absent of 0 complete {body where none allowed}",
			"2: GET /b none complete => 200 length 5 of 5 complete",
		},
		"205 goes by its length": {
			"1: GET /a none complete => 205 length 0 of 0 complete",
			"2: GET /b none complete => 200 length 5 of 5 complete",
		},
		"100 then 200": {
			"1: POST /a length 3 of 3 complete => 100 none complete, 200 length 5 of 5 complete",
		},
		"103, 102, 200": {
			"1: GET /a none complete => 103 none complete, 102 none complete, 200 length 5 of 5 complete",
			"2: GET /b none complete => 200 length 3 of 3 complete",
		},
		"100 with a length is no body": {
			"1: GET /a none complete => 100 none absent of 5 complete {body where none allowed}, 200 length 5 of 5 complete",
		},
		"websocket": {
			"1: GET /a none complete => 200 length 5 of 5 complete",
			"2: GET /w none complete => 101 none complete",
			"switched to WebSocket",
		},
		"upgrade to h2c": {
			"1: GET / none complete => 101 none complete",
			"switched to HTTP/2",
		},
		"upgrade to something": {
			"1: POST / length 2+ of 3 cut by switch => 101 none complete",
			"switched to upgraded",
		},
		"CONNECT": {
			"1: CONNECT h:443 none complete => 200 none complete",
			"switched to tunnel",
		},
		"CONNECT with length": {
			"1: CONNECT h:443 none complete => 200 none absent of 5 complete {body where none allowed}",
			"switched to tunnel",
		},
		"CONNECT refused": {
			"1: CONNECT h:443 none complete => 407 length 2 of 2 complete",
			"2: GET /b none complete => 200 length 5 of 5 complete",
		},
		"pipelined": {
			"1: GET /a none complete => 200 length 5 of 5 complete",
			"2: GET /b none complete => 404 length 0 of 0 complete",
			"3: HEAD /c none complete => 200 none absent of 9 complete",
		},
		"pipeline cut": {
			"1: GET /a none complete => 200 length 5 of 5 complete",
			"2: GET /b none complete => - cut by close",
			"3: GET /c none complete => - cut by close",
		},
		"early response": {
			"1: POST /a length 6 of 6 complete => 413 length 0 of 0 complete",
			"2: GET /b none complete => 200 length 5 of 5 complete",
		},
		"early response, upload given up": {
			"1: POST /a length 3+ of 6 cut by reset => 413 length 0 of 0 complete",
		},
		"half-close by the client": {
			"1: GET /a none complete => 200 length 5 of 5 complete",
		},
		"until close": {
			"1: GET /a none complete => 200 until close 6 complete",
		},
		"until close, reset": {
			"1: GET /a none complete => 200 until close 3+ cut by reset",
		},
		"until close, capture ends": {
			"1: GET /a none complete => 200 until close 3+ still open",
		},
		"length cut by close": {
			"1: GET /a none complete => 200 length 5+ of 9 cut by close",
		},
		"length cut by reset": {
			"1: GET /a none complete => 200 length 5+ of 9 cut by reset",
		},
		"response head cut": {
			"1: GET /a none complete => 200 undecided cut by close",
		},
		"status line cut": {
			"1: GET /a none complete => 0 undecided cut by close",
		},
		"request head cut": {
			"1: GET /a undecided cut by close => - still open",
		},
		"request line cut": {
			"1: GET /a undecided cut by close => - still open",
		},
		"request line hardly begun": {},
		"no response": {
			"1: GET /a none complete => - cut by close",
		},
		"no response, capture ends": {
			"1: GET /a none complete => - still open",
		},
		"request into a closed connection": {
			"1: GET /a none complete => 200 length 5 of 5 complete",
			"2: GET /b none complete => - cut by close",
		},
		"408 unasked": {
			"1: GET /a none complete => 200 length 5 of 5 complete",
			"2: - => 408 length 0 of 0 complete",
		},
		"408 at once": {
			"1: - => 408 length 0 of 0 complete",
		},
		"408 to half a request": {
			"1: GET /a undecided cut by close => 408 length 0 of 0 complete",
		},
		"408 to half a request line": {
			"1: GET /a undecided cut by close => 408 length 0 of 0 complete",
		},
		"half a request line answered goes on": {
			"1: GET /a none complete => 408 length 0 of 0 complete",
		},
		"HTTP/0.9": {
			"1: GET /a none complete => 0 until close 10 complete",
		},
		"HTTP/0.9, short body": {
			"1: GET /a none complete => 0 until close 2 complete",
		},
		"HTTP/0.9, answered with a head": {
			"1: GET /a none complete => 200 length 5 of 5 complete",
		},
		"HTTP/0.9 near miss": {
			"switched to not HTTP",
		},
		"headless response": {
			"1: GET /a none complete => 0 until close 6 complete {headless}",
		},
		"HTTP/1.0 Keep-Alive": {
			"1: GET /a none complete => 200 length 3 of 3 complete",
			"2: GET /b none complete => - still open",
		},
		"odd versions": {
			"1: GET /a none complete {malformed version} => 200 length 3 of 3 complete {malformed version}",
		},
		"misspelt request line": {
			"1: GET / none complete {malformed version} => 400 until close 0 complete",
		},
		"misspelt near miss": {
			"switched to not HTTP",
		},
		"space in the target": {
			"1: GET /a b none complete {malformed target} => 200 length 5 of 5 complete",
		},
		"WebDAV and unknown methods": {
			"1: PROPFIND /a none complete => 200 length 5 of 5 complete",
			"2: M-SEARCH * none complete => 200 length 5 of 5 complete",
			"3: BREW /pot none complete => 200 length 5 of 5 complete",
		},
		"method beyond the limit": {
			"switched to not HTTP",
		},
		"leading CRLF": {
			"1: GET /a none complete {leading CRLF} => 200 length 5 of 5 complete",
			"2: GET /b none complete {leading CRLF} => 200 length 5 of 5 complete",
		},
		"CRLF behind a POST": {
			"1: POST /a length 3 of 3 complete {trailing CRLF} => 200 length 5 of 5 complete",
			"2: GET /b none complete => 200 length 5 of 5 complete",
		},
		"CRLF behind an answered POST": {
			"1: POST /a length 3 of 3 complete => 200 length 5 of 5 complete",
			"2: GET /b none complete {leading CRLF} => 200 length 5 of 5 complete",
		},
		"bare LF": {
			"1: GET /a none complete {bare LF} => 200 length 5 of 5 complete {bare LF}",
		},
		"bare LF in fields only": {
			"1: GET /a none complete {bare LF} => 200 length 5 of 5 complete",
		},
		"obsolete folding": {
			"1: GET /a none complete => 200 length 5 of 5 complete {obsolete folding}",
		},
		"space before the colon": {
			"1: POST /a length 3 of 3 complete {whitespace before colon} => 200 length 5 of 5 complete",
		},
		"lines that are no fields": {
			"1: GET /a none complete {malformed field} => 200 length 5 of 5 complete",
		},
		"equal lengths": {
			"1: GET /a none complete => 200 length 5 of 5 complete {repeated length}",
		},
		"differing lengths": {
			"1: GET /a none complete => 200 length 5 of 5 complete {conflicting length}",
			"2: GET /b none complete => 200 length 5 of 5 complete",
		},
		"length is no number": {
			"1: GET /a none complete => 200 invalid 5+ of malformed garbled {malformed length}",
			"2: GET /b none complete => 200 length 5 of 5 complete",
		},
		"length with a sign": {
			"1: POST /a invalid 3+ of malformed garbled {malformed length} => 200 length 5 of 5 complete",
			"2: GET /b none complete => 200 length 5 of 5 complete",
			"surplus of request 1: 2",
		},
		"largest length": {
			"1: GET /a none complete => 200 length 3+ of 9223372036854775807 cut by close",
		},
		"length beyond 2^63": {
			"1: GET /a none complete => 200 invalid 3+ of malformed garbled {malformed length}",
		},
		"empty length": {
			"1: GET /a none complete => 200 invalid 3+ of malformed garbled {malformed length}",
		},
		"length too short, then close": {
			"1: GET /a none complete => 200 length 5 of 5 complete",
			"surplus of response 1: 7",
		},
		"length too short, then more": {
			"1: GET /a none complete => 200 length 5 of 5 complete",
			"2: GET /b none complete => 200 length 3 of 3 complete",
			"3: GET /c none complete => 200 length 0 of 0 complete",
			"surplus of response 1: 14",
			"surplus of response 2: 25",
			"surplus of response 2: 1",
		},
		"length too short, pipelined": {
			"1: GET /a none complete => 200 length 5 of 5 complete",
			"2: GET /b none complete => 200 length 3 of 3 complete",
			"surplus of response 1: 7",
		},
		"body to HEAD": {
			"1: HEAD /a none complete => 200 none absent of 5 complete",
			"2: GET /b none complete => 200 length 5 of 5 complete",
			"surplus of response 1: 5",
		},
		"request length too short": {
			"1: POST /a length 3 of 3 complete surplus 8 => 200 length 5 of 5 complete",
			"2: GET /b none complete => 200 length 3 of 3 complete",
			"surplus of request 1: 8",
		},
		"stray status-like text in a body": {
			"1: GET /a none complete => 200 length 19 of 19 complete",
			"2: GET /b none complete => 200 length 5 of 5 complete",
		},
		"chunked": {
			"1: GET /a none complete => 200 chunked 5 complete",
			"2: GET /b none complete => 200 length 5 of 5 complete",
		},
		"chunked, fancy": {
			"1: GET /a none complete => 200 chunked 41 complete +2 trailers",
			"2: GET /b none complete => 200 length 5 of 5 complete",
		},
		"chunked request": {
			"1: POST /a chunked 3 complete => 200 length 5 of 5 complete",
			"2: GET /b none complete => 200 length 3 of 3 complete",
		},
		"chunked with bare LF": {
			"1: GET /a none complete => 200 chunked 5 complete {bare LF}",
			"2: GET /b none complete => 200 length 5 of 5 complete",
		},
		"chunked and length": {
			"1: GET /a none complete => 200 chunked 5 of 99 complete {length and transfer-encoding}",
			"2: GET /b none complete => 200 length 5 of 5 complete",
		},
		"chunked in 1.0": {
			"1: GET /a none complete => 200 chunked 5 complete {transfer-encoding in HTTP/1.0}",
		},
		"gzip, chunked": {
			"1: GET /a none complete => 200 chunked 5 complete",
			"2: GET /b none complete => 200 length 5 of 5 complete",
		},
		"chunked, gzip": {
			"1: GET /a none complete => 200 until close 15 complete {chunked not last}",
		},
		"chunked twice": {
			"1: GET /a none complete => 200 chunked 5 complete {chunked not last}",
			"2: GET /b none complete => 200 length 5 of 5 complete",
		},
		"quoted chunked is not chunked": {
			"1: GET /a none complete => 200 until close 5 complete {chunked not last}",
		},
		"identity": {
			"1: GET /a none complete => 200 length 5 of 5 complete",
			"2: GET /b none complete => 200 length 5 of 5 complete",
		},
		"request with an unknown coding": {
			"1: POST /a invalid 5+ garbled {chunked not last} => 501 length 0 of 0 complete",
			"2: GET /b none complete => 200 length 5 of 5 complete",
			"surplus of request 1: 2",
		},
		"last chunk missing": {
			"1: GET /a none complete => 200 chunked 5+ cut by close",
		},
		"cut within a chunk": {
			"1: GET /a none complete => 200 chunked 3+ cut by close",
		},
		"cut within the trailer": {
			"1: GET /a none complete => 200 chunked 5+ cut by close",
		},
		"chunk size wrong": {
			"1: GET /a none complete => 200 chunked 12+ garbled {chunk size wrong}",
		},
		"chunk size too large": {
			"1: GET /a none complete => 200 chunked 12+ cut by close {chunk size wrong}",
		},
		"chunk size too large, capture ends": {
			"1: GET /a none complete => 200 chunked 12+ still open",
		},
		"chunk size wrong, then the next": {
			"1: GET /a none complete => 200 chunked 12+ garbled {chunk size wrong}",
			"2: GET /b none complete => 200 length 5 of 5 complete",
		},
		"chunk size no number": {
			"1: GET /a none complete => 200 chunked 10+ garbled {chunk size malformed}",
		},
		"chunk size empty": {
			"1: GET /a none complete => 200 chunked 6+ cut by reset {chunk size malformed}",
		},
		"chunk size negative": {
			"1: GET /a none complete => 200 chunked 9+ garbled {chunk size malformed}",
		},
		"chunk size with 0x": {
			"1: GET /a none complete => 200 chunked 9+ garbled {chunk size malformed}",
		},
		"chunk size, CR alone": {
			"1: GET /a none complete => 200 chunked 8+ garbled {chunk size malformed}",
		},
		"chunk size largest": {
			"1: GET /a none complete => 200 chunked 5+ cut by close",
		},
		"chunk size beyond 2^63": {
			"1: GET /a none complete => 200 chunked 8+ garbled {chunk size overflow}",
		},
		"chunk size with zeros in front": {
			"1: GET /a none complete => 200 chunked 5 complete",
		},
		"second last chunk": {
			"1: GET /a none complete => 200 chunked 5 complete",
			"2: GET /b none complete => 200 length 5 of 5 complete",
			"surplus of response 1: 5",
		},
		"request chunk size wrong": {
			"1: POST /a chunked 12+ garbled {chunk size wrong} => 200 length 5 of 5 complete",
			"2: GET /b none complete => 200 length 5 of 5 complete",
		},
		"TLS": {
			"switched to TLS",
		},
		"TLS server first seen": {
			"switched to TLS",
		},
		"HTTP/2": {
			"switched to HTTP/2",
		},
		"HTTP/2, server first": {
			"switched to HTTP/2",
		},
		"SSH": {
			"switched to not HTTP",
		},
		"GET to an SSH server": {
			"1: GET /a none complete => - cut by switch",
			"switched to not HTTP",
		},
		"SMTP": {
			"switched to not HTTP",
		},
		"FTP-like client": {
			"switched to not HTTP",
		},
		"garbage": {
			"switched to not HTTP",
		},
		"request spoilt beyond recognition": {
			"1: - => 400 length 5 of 5 complete",
			"2: GET /b none complete => 200 length 5 of 5 complete",
		},
		"nobody answers garbage": {},
		"TLS near miss": {
			"switched to not HTTP",
		},
		"PROXY v1": {
			"1: GET /a none complete {PROXY preface} => 200 length 5 of 5 complete",
		},
		"PROXY v2": {
			"1: GET /a none complete {PROXY preface} => 200 length 5 of 5 complete",
		},
		"PROXY v2, local": {
			"1: GET /a none complete {PROXY preface} => 200 length 5 of 5 complete",
		},
		"PROXY v1, then TLS": {
			"switched to TLS",
		},
		"PROXY v2 near miss": {
			"switched to not HTTP",
		},
		"gap within a body": {
			"1: GET /a none complete => 200 length 10 of 10 (3 missing) complete",
			"2: GET /b none complete => 200 length 5 of 5 complete",
		},
		"gap up to the end of a body": {
			"1: GET /a none complete => 200 length 10 of 10 (5 missing) complete",
			"2: GET /b none complete => 200 length 5 of 5 complete",
		},
		"gap across the end of a body": {
			"1: GET /a none complete => 200 length 5+ of 10 cut by gap",
			"2: GET /b none complete => 200 length 5 of 5 complete",
		},
		"gap of unknown size in a body": {
			"1: GET /a none complete => 200 length 5+ of 10 cut by gap",
			"2: GET /b none complete => 200 length 5 of 5 complete",
		},
		"gap in a body until close": {
			"1: GET /a none complete => 200 until close 11 (7 missing) complete",
		},
		"gap in a head": {
			"1: GET /a none complete => 200 undecided cut by gap",
			"2: GET /b none complete => 200 length 5 of 5 complete",
		},
		"gap in a status line": {
			"1: GET /a none complete => 0 undecided cut by gap",
			"2: GET /b none complete => 200 length 5 of 5 complete",
		},
		"gap in a request head": {
			"1: GET /a undecided cut by gap => 200 length 5 of 5 complete",
			"2: GET /b none complete => 200 length 3 of 3 complete",
		},
		"gap in a request line": {
			"1: GET /a undecided cut by gap => 200 length 5 of 5 complete",
			"2: GET /b none complete => 200 length 3 of 3 complete",
		},
		"gap in a request's body": {
			"1: POST /a length 9 of 9 (6 missing) complete => 200 length 5 of 5 complete",
			"2: GET /b none complete => 200 length 3 of 3 complete",
		},
		"gap in a chunk": {
			"1: GET /a none complete => 200 chunked 10 (3 missing) complete",
			"2: GET /b none complete => 200 length 5 of 5 complete",
		},
		"gap of a whole chunk's data": {
			"1: GET /a none complete => 200 chunked 10 (10 missing) complete",
			"2: GET /b none complete => 200 length 5 of 5 complete",
		},
		"gap across a chunk": {
			"1: GET /a none complete => 200 chunked 5+ cut by gap",
			"2: GET /b none complete => 200 length 5 of 5 complete",
		},
		"gap in a chunk size": {
			"1: GET /a none complete => 200 chunked 0+ cut by gap",
			"2: GET /b none complete => 200 length 5 of 5 complete",
		},
		"gap in a trailer": {
			"1: GET /a none complete => 200 chunked 0+ cut by gap",
			"2: GET /b none complete => 200 length 5 of 5 complete",
		},
		"response dropped": {
			"1: GET /a none complete => - cut by gap ?in gap",
			"2: GET /b none complete => 200 length 5 of 5 complete",
		},
		"response dropped, seen late": {
			"1: GET /a none complete => 200 length 3 of 3 complete",
			"2: GET /b none complete => - cut by gap ?in gap",
			"3: GET /c none complete => 200 length 5 of 5 complete ?after gap",
		},
		"response head dropped, body seen": {
			"1: GET /a none complete => - cut by gap ?in gap",
			"2: GET /b none complete => 200 length 5 of 5 complete",
		},
		"two responses dropped": {
			"1: GET /a none complete => - cut by gap ?in gap",
			"2: GET /b none complete => - cut by gap ?in gap",
			"3: GET /c none complete => 200 length 5 of 5 complete ?after gap",
		},
		"response dropped, then the capture ends": {
			"1: GET /a none complete => - still open ?in gap",
		},
		"request dropped": {
			"1: GET /a none complete => 200 length 5 of 5 complete",
			"2: - => 200 length 3 of 3 complete",
			"3: GET /c none complete => 200 length 5 of 5 complete",
		},
		"gap in pipelined responses": {
			"1: GET /a none complete => 200 length 5 of 5 complete",
			"2: GET /b none complete => 200 length 3 of 3 complete",
			"3: GET /a none complete => 200 length 5 of 5 complete ?after gap",
			"4: GET /b none complete => 200 length 3 of 3 complete ?after gap",
			"5: GET /c none complete => - still open ?in gap",
		},
		"pipelined in one frame, first response dropped": {
			"1: GET /a none complete => 200 length 5 of 5 complete ?after gap",
			"2: GET /b none complete => 200 length 3 of 3 complete ?after gap",
			"3: GET /c none complete => - still open ?in gap",
		},
		"snaplen": {
			"1: GET /a undecided cut by snaplen => 200 undecided cut by snaplen",
			"2: GET /b undecided cut by snaplen => 304 undecided cut by snaplen",
		},
		"snaplen, websocket": {
			"1: GET /w undecided cut by snaplen => 101 undecided cut by snaplen",
			"switched to upgraded",
		},
		"snaplen, websocket, fields seen": {
			"1: GET /w undecided cut by snaplen => 101 undecided cut by snaplen",
			"switched to WebSocket",
		},
		"snaplen, long target": {
			"1: HEAD /a/very/long undecided cut by snaplen => 200 none absent of 7 complete",
			"2: GET /b undecided cut by snaplen => 200 length 3 of 3 complete",
		},
		"snaplen in a body": {
			"1: GET /a none complete => 200 length 500 of 500 (494 missing) complete",
			"2: GET /b none complete => 200 length 5 of 5 complete",
		},
		"start line behind a hole only at a line's start": {
			"1: GET /a none complete => 201 length 0 of 0 complete ?after gap",
		},
		"text behind a hole is no request": {
			"1: GET /a none complete => 200 length 5 of 5 complete",
			"2: GET /b none complete => 200 length 5 of 5 complete",
		},
		"starts in a response": {
			"1: GET /a none complete => 200 length 5 of 5 complete",
			"2: GET /b none complete => 200 length 5 of 5 complete",
		},
		"starts before a response": {
			"1: - => 200 length 3 of 3 complete",
			"2: GET /a none complete => 200 length 5 of 5 complete",
		},
		"starts between request and 100": {
			"1: - => 100 none complete, 200 length 3 of 3 complete",
			"2: GET /a none complete => 200 length 5 of 5 complete",
		},
		"100 and no more": {
			"1: - => 100 none complete, - cut by gap",
			"2: GET /a none complete => 200 length 5 of 5 complete",
		},
		"starts in TLS": {
			"switched to TLS",
		},
		"one direction": {
			"1: - => 200 length 5 of 5 complete",
			"2: - => 200 length 3 of 3 complete",
			"3: - => 200 none absent of 500 complete {presumed HEAD}",
			"4: - => 200 length 3 of 3 complete",
			"5: - => 200 length 5 of 5 complete",
		},
		"client only": {
			"1: GET /a none complete => - still open",
			"2: GET /b none complete => - still open",
			"3: GET /c none complete => - still open",
		},
		"gap at once, then TLS": {
			"switched to TLS",
		},
	}
}
