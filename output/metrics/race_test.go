//go:build race

package metrics

// floodServers is fewer under the race detector, which makes each packet ten
// times as dear.
const floodServers = 2_000
