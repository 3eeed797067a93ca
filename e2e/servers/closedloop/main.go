package closedloop

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/lagscaler/lagscaler/e2e/servers/built"
	"github.com/lagscaler/lagscaler/e2e/servers/kafka"
	"github.com/lagscaler/lagscaler/e2e/servers/kube"
)

// Main is the TestMain of a package that opens loops. It is also main of the daemons that its tests start.
func Main(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == daemonRole {
		if err := run(os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	flag.Parse()
	// Most of these tests wait for others: side by side they take a fraction of the time.
	if err := flag.Set("test.parallel", "4"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer built.RemovePrograms()
	defer kube.CloseShared()
	defer kafka.CloseShared()
	m.Run()
}
