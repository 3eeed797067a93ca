package kube

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"

	"github.com/lagscaler/lagscaler/e2e/servers/built"
	"github.com/lagscaler/lagscaler/e2e/servers/child"
)

// Config says what control plane to start. All of it is optional.
type Config struct {
	Dir   string // data and logs; a temporary folder when empty
	Nodes int    // pretend nodes; 2 when zero

	// Ports of pods that programs on this machine serve, at [Address]. A pod with hostNetwork then has that address, so that the
	// apiserver's proxy reaches it, and a port-forward to one of these ports of any pod ends there.
	PodPorts []int

	// Further flags, such as --horizontal-pod-autoscaler-downscale-stabilization=5s.
	APIServer, ControllerManager []string
}

// ControlPlane is a running Kubernetes.
type ControlPlane struct {
	Dir string // data, logs and configuration

	cfg     Config
	bin     string // the folder of the programs
	ownsDir bool
	ports   ports
	admin   string // the administrator's token
	client  kubernetes.Interface
	dynamic dynamic.Interface // for KafkaScalers

	etcd, apiserver *child.Process
	others          []*child.Process // controller-manager, scheduler, kwok
}

type ports struct{ etcd, etcdPeer, apiserver int }

// startLimit is how long a control plane may take to start: it takes 5 s on 2
// idle cores, and the machine may be busy.
const startLimit = 2 * time.Minute

// Start starts a control plane that ends with the test. It skips the test where
// the programs are not built, unless CI is true.
func Start(t testing.TB, cfg Config) *ControlPlane {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	c, err := Open(ctx, cfg)
	built.Need(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("end of the control plane's logs:\n%s", c.logTails())
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// Open starts a control plane and returns when it serves and its nodes are
// Ready. The caller closes it.
func Open(ctx context.Context, cfg Config) (*ControlPlane, error) {
	bin, err := built.Module("kubernetes")
	if err != nil {
		return nil, err
	}
	c := &ControlPlane{cfg: cfg, bin: bin, Dir: cfg.Dir}
	if c.cfg.Nodes == 0 {
		c.cfg.Nodes = 2
	}
	if c.Dir == "" {
		if c.Dir, err = os.MkdirTemp("", "lagscaler-kube-"); err != nil {
			return nil, fmt.Errorf("making a folder for the control plane: %w", err)
		}
		c.ownsDir = true
	}
	if err := c.start(ctx); err != nil {
		err = fmt.Errorf("starting Kubernetes: %w\nend of the logs:\n%s", err, c.logTails())
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

func (c *ControlPlane) start(ctx context.Context) error {
	steps := []struct {
		doing string
		do    func(context.Context) error
	}{
		{"laying out its folder", c.layOut},
		{"making the certificate for extensions", c.makeFrontProxy},
		{"etcd", c.startEtcd},
		{"kube-apiserver", c.startAPIServer},
		{"making a client", c.connect},
		{"the controllers", c.startControllers},
		{"the nodes", c.addNodes},
	}
	for _, step := range steps {
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.doing, err)
		}
	}
	return nil
}

// Close ends every process and removes the data, if the folder was made here.
func (c *ControlPlane) Close() error {
	// The store last: whoever lost it would only write errors.
	for _, p := range append(c.others, c.apiserver, c.etcd) {
		if p != nil {
			p.Kill()
		}
	}
	if !c.ownsDir {
		return nil
	}
	if err := os.RemoveAll(c.Dir); err != nil {
		return fmt.Errorf("removing the control plane's folder: %w", err)
	}
	return nil
}

// launch starts a program by its name.
func (c *ControlPlane) launch(name string, args ...string) (*child.Process, error) {
	return child.Start(child.Command{
		Path: filepath.Join(c.bin, name),
		Args: args,
		Dir:  c.Dir,
		Env:  []string{"HOME=" + c.Dir}, // kwok keeps a folder there
		Log:  filepath.Join(c.Dir, name+".log"),
	})
}

// path is a file of the control plane's folder.
func (c *ControlPlane) path(name string) string { return filepath.Join(c.Dir, name) }

// logTails returns the last lines of each program's log, for a failure's message.
func (c *ControlPlane) logTails() string {
	const lines = 10
	var b strings.Builder
	for _, p := range append([]*child.Process{c.etcd, c.apiserver}, c.others...) {
		if p != nil {
			fmt.Fprintf(&b, "%s:\n%s\n", p.Name(), p.Tail(lines))
		}
	}
	return b.String()
}
