package chart

import (
	"flag"
	"testing"

	"github.com/lagscaler/lagscaler/e2e/servers/built"
	"github.com/lagscaler/lagscaler/e2e/servers/kube"
)

func TestMain(m *testing.M) {
	flag.Parse()
	// Most of these tests wait for a process, so more of them than there are cores run side by side. Many of them start a Kafka: eight at
	// once kept brokers from answering in time.
	if err := flag.Set("test.parallel", "4"); err != nil {
		panic(err)
	}
	defer built.RemovePrograms()
	defer kube.CloseShared()
	m.Run()
}
