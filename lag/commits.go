package lag

import (
	"cmp"
	"time"
)

// CommitInterval is the time between two commits of a consumer: what is known of it, or, for zero, the default of Kafka's consumers
// (auto.commit.interval.ms).
func CommitInterval(known time.Duration) time.Duration { return cmp.Or(known, 5*time.Second) }
