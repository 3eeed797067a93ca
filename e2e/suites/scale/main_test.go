package scale

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/lagscaler/lagscaler/e2e/servers/kafka"
	"github.com/lagscaler/lagscaler/e2e/servers/kube"
)

// TestMain is also main of the processes that the tests start: consumers and daemons.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 {
		if program, ok := map[string]func(string) error{"consumer": consume, "daemon": run}[os.Args[1]]; ok {
			if err := program(os.Args[2]); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			return
		}
	}
	flag.Parse()
	// Most of these tests wait for others: side by side they take a fraction of the time.
	if err := flag.Set("test.parallel", "4"); err != nil {
		panic(err)
	}
	defer kube.CloseShared()
	defer kafka.CloseShared()
	m.Run()
}
