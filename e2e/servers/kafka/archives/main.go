// Command archives makes the shared class archives of versions of Kafka, so that all JVMs of the tests start fast:
//
//	archives 3.9 4.3
//
// It does nothing for a version that has one. Without archives the tests pass, too, and need three times the CPU to start brokers.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/kafka"
)

func main() {
	for _, version := range os.Args[1:] {
		began := time.Now()
		made, err := kafka.KeepArchive(context.Background(), kafka.Version(version))
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if made {
			fmt.Printf("made the class archive of Kafka %s in %s\n", version, time.Since(began).Round(time.Second))
		}
	}
}
