package chart

import (
	"flag"
	"testing"

	"github.com/lagscaler/lagscaler/e2e/servers/built"
	"github.com/lagscaler/lagscaler/e2e/servers/kube"
)

func TestMain(m *testing.M) {
	flag.Parse()
	// Most of these tests wait for a process: side by side they take a fraction of the time.
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	defer built.RemovePrograms()
	defer kube.CloseShared()
	m.Run()
}
