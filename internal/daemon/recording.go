package daemon

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/lagscaler/lagscaler/internal/config"
	"github.com/lagscaler/lagscaler/lag/kafkasource/tape"
)

// RecordCluster records what the brokers of a cluster, as it is in force, answer to polls. An error means that the configuration is wrong, or that there is
// too much to keep; what brokers did not answer is in the recording.
func RecordCluster(ctx context.Context, c config.Cluster, o tape.Options) (*tape.Tape, error) {
	recording, err := tape.Record(ctx, kafkaConfig(c, slog.New(slog.DiscardHandler)), o)
	if err != nil {
		return nil, fmt.Errorf("cluster %s: %w", c.Name, err)
	}
	return recording, nil
}
