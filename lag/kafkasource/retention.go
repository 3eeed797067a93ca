package kafkasource

import (
	"context"
	"log/slog"
	"math"
	"strconv"
	"time"

	"github.com/lagscaler/lagscaler/lag/kafkasource/cluster"
)

const (
	retentionSetting = "offsets.retention.minutes"
	retentionEvery   = time.Hour   // brokers are restarted to change it
	retentionWaits   = time.Second // a poll does not wait longer for it
)

// retention is how long brokers keep the commits of a group without members.
type retention struct {
	value  time.Duration // 0: not known
	readAt time.Time
}

// read asks one broker, each hour. That it may not be read is no error of a poll: it needs another permission than everything
// else, and without it the default of the brokers is assumed.
func (r *retention) read(ctx context.Context, round *cluster.Round, log *slog.Logger) {
	if len(round.Brokers) == 0 || !r.readAt.IsZero() && time.Since(r.readAt) < retentionEvery {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, retentionWaits)
	defer cancel()
	r.readAt = time.Now()
	text, err := round.BrokerConfig(ctx, round.Brokers[0].ID, retentionSetting)
	if err != nil {
		log.Debug("setting not read", "setting", retentionSetting, "error", err)
		return
	}
	if minutes, err := strconv.ParseInt(text, 10, 32); err == nil && minutes > 0 && minutes < math.MaxInt32 {
		r.value = time.Duration(minutes) * time.Minute
	}
}
