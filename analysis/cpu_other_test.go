//go:build !unix

package analysis_test

import "time"

// epoch is when the tests began.
var epoch = time.Now()

// cpu is the time that passed: what of it was this process's is not asked here.
func cpu() time.Duration { return time.Since(epoch) }
