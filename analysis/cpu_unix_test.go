//go:build unix

package analysis_test

import (
	"syscall"
	"time"
)

// cpu is the processor time that this process had: other processes do not
// count.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
