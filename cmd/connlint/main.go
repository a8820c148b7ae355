// Command connlint reads packet captures and says where HTTP connections
// waste time, whose fault it is, what it costs and what to change.
package main

import "os"

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
