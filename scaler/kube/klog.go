package kube

import (
	"context"
	"log/slog"

	"k8s.io/klog/v2"
)

// LogTo sends what client-go logs of itself to our log instead of standard error, a level lower: what matters of it we
// say ourselves. It concerns the whole process.
func LogTo(log *slog.Logger) { klog.SetSlogLogger(slog.New(lower{log.Handler()})) }

// lower is a handler that takes everything for debugging. The library's own debugging, which would print the bodies of
// requests, is not taken at all.
type lower struct{ slog.Handler }

func (l lower) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelInfo && l.Handler.Enabled(ctx, slog.LevelDebug)
}

func (l lower) Handle(ctx context.Context, r slog.Record) error {
	r.Level = slog.LevelDebug
	return l.Handler.Handle(ctx, r)
}

func (l lower) WithAttrs(attrs []slog.Attr) slog.Handler { return lower{l.Handler.WithAttrs(attrs)} }

func (l lower) WithGroup(name string) slog.Handler { return lower{l.Handler.WithGroup(name)} }
