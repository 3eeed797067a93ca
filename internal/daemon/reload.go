package daemon

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/lagscaler/lagscaler/internal/config"
)

// reload follows the configuration file until ctx ends.
func (d *Daemon) reload(ctx context.Context) error {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	return d.opts.Reloader.Run(ctx, d.log, hangup, func(c *config.Config) error { return d.apply(ctx, c) })
}

// apply puts a new configuration into force. Fields that need a restart keep their old values and are logged.
func (d *Daemon) apply(ctx context.Context, c *config.Config) error {
	next := *c
	next.Listen = cmp.Or(d.opts.Listen, next.Listen)
	if kept := keepRestartOnly(&next, d.config.Load()); len(kept) > 0 {
		d.log.Warn("some changes of the configuration need a restart", "fields", kept)
	}
	receivers, err := receiversOf(&next)
	if err != nil {
		return err
	}
	clusters, err := d.sources.follow(&next)
	if err != nil {
		return err
	}
	if err := d.engine.Reconfigure(ctx, engineSettings(&next, clusters)); err != nil {
		return fmt.Errorf("reconfiguring: %w", err)
	}
	if d.kube != nil {
		d.kube.Configure(kubernetesSettings(&next))
	}
	if d.strimzi != nil {
		d.strimzi.Configure(selectionsOf(&next))
	}
	d.messenger.Configure(receivers)
	d.level.Set(next.Log.Level.Slog())
	d.metrics.SetFilter(seriesOf(next.Metrics))
	d.config.Store(&next)
	return nil
}
