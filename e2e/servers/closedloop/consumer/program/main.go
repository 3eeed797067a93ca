// Program is a consumer process: its argument is a consumer.Config as JSON.
package main

import (
	"fmt"
	"os"

	"github.com/lagscaler/lagscaler/e2e/servers/closedloop/consumer"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: program CONFIG")
		os.Exit(2)
	}
	if err := consumer.Run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
