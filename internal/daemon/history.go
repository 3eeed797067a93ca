package daemon

import (
	"context"
	"fmt"
	"time"

	"github.com/lagscaler/lagscaler/internal/config"
	"github.com/lagscaler/lagscaler/internal/history"
)

// pastFrom makes what reads the past of groups, if a Prometheus is configured for it.
func (d *Daemon) pastFrom(h *config.History) error {
	if h == nil {
		return nil
	}
	files, err := collectorTLS(h.TLS)
	if err != nil {
		return fmt.Errorf("history.tls: %w", err)
	}
	headers := map[string]string{}
	for name, value := range h.Headers {
		headers[name] = value.Reveal()
	}
	past := history.New(history.Options{Address: string(h.Prometheus), Headers: headers, Matchers: h.Matchers, TLS: files})
	d.history = func(ctx context.Context, cluster, group string, from, to time.Time) (history.Group, error) {
		return past.Group(ctx, cluster, group, from, to)
	}
	return nil
}
