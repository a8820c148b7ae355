//go:build race

package analysis_test

// sample is every how many captures the tests of all captures run under the
// race detector, which makes them ten times as slow: nothing runs side by side
// but the sources, and a tenth of the captures shows those.
const sample = 10
