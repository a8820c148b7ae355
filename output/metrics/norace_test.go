//go:build !race

package metrics

const floodServers = 100_000
