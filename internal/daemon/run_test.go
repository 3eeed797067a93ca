package daemon

import (
	"context"
	"io"
	"net"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/internal/config"
	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/scaler"
)

// candidate is a controller whose last write takes until writing is closed, and which closes elected when it gives the lease back.
type candidate struct {
	controller
	writing, elected chan struct{}
}

func (c *candidate) Publish([]scaler.Outcome) {}
func (c *candidate) Linger(context.Context)   {}

func (c *candidate) Run(ctx context.Context) error {
	<-ctx.Done()
	<-c.writing
	return nil
}

func (c *candidate) Elect(ctx context.Context) error {
	<-ctx.Done()
	close(c.elected)
	return nil
}

// The lease is given back only when nothing decides or writes any more: the successor begins at once.
func TestTheElectionEndsAfterTheWriters(t *testing.T) {
	for _, last := range []string{"deciding", "writing"} {
		t.Run(last, func(t *testing.T) {
			k := &candidate{writing: make(chan struct{}), elected: make(chan struct{})}
			busy := map[string]chan struct{}{"deciding": make(chan struct{}), "writing": k.writing}
			began := make(chan struct{}, 1)
			stop, ended := runWith(t, k, func(*engine.Report) {
				select {
				case began <- struct{}{}:
				default:
				}
				<-busy["deciding"]
			})
			<-began
			for name, c := range busy {
				if name != last {
					close(c)
				}
			}
			stop()
			select {
			case <-k.elected:
				t.Errorf("the lease is given back while it is still %s", last)
			case <-time.After(100 * time.Millisecond):
			}
			close(busy[last])
			if err := <-ended; err != nil {
				t.Error(err)
			}
			select {
			case <-k.elected:
			default:
				t.Error("the lease is not given back")
			}
		})
	}
}

// runWith runs a daemon with a controller, on a cluster that nobody reaches.
func runWith(t *testing.T, k controller, published func(*engine.Report)) (stop func(), ended chan error) {
	t.Helper()
	c, err := config.Brokers([]string{"127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	c.Kubernetes.Enabled = config.Off
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d, err := New(Options{Config: c, Log: io.Discard, Published: published})
	if err != nil {
		t.Fatal(err)
	}
	d.kube = k
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	ended = make(chan error, 1)
	go func() { ended <- d.Run(ctx, listener) }()
	return cancel, ended
}
