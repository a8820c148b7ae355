package main

import (
	"fmt"
	"io"
	stdlog "log"
	"net/http"
	"sync/atomic"
	"time"
)

// stillLimit is after how long a run that gives no sign of life is called
// ill. A live source ticks several times a second also where no packet comes.
const stillLimit = 10 * time.Second

// pulse is the sign of life of a run. The run beats it; anyone may ask.
type pulse struct {
	clock func() time.Time
	last  atomic.Int64 // ns since the epoch
}

func newPulse(clock func() time.Time) *pulse {
	p := &pulse{clock: clock}
	p.beat()
	return p
}

// beat says that packets, or ticks without any, are still read.
func (p *pulse) beat() { p.last.Store(p.clock().UnixNano()) }

// answer is /healthz: 200 as long as the run lives, else 503 and one line that
// says why.
func (p *pulse) answer(w http.ResponseWriter, _ *http.Request) {
	if still := p.clock().Sub(time.Unix(0, p.last.Load())); still > stillLimit {
		plainText(w, http.StatusServiceUnavailable, fmt.Sprintf("no packet and no tick was read for %v\n", still.Round(time.Second)))
		return
	}
	plainText(w, http.StatusOK, "ok\n")
}

// nobody is a log that is not kept: what a stranger's request does wrong is no
// news of this program's.
func nobody() *stdlog.Logger { return stdlog.New(io.Discard, "", 0) }
