//go:build race

package main

// raceDetector makes what runs about ten times as slow.
const raceDetector = true
