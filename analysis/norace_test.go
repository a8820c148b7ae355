//go:build !race

package analysis_test

// sample: without the race detector all captures are run.
const sample = 1
