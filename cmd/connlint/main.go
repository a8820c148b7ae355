// Command connlint reads packets, from capture files or a live interface, and
// says where HTTP connections waste time, whose fault it is, what it costs and
// what to change.
package main

import "os"

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
