package api

import (
	"fmt"
	"regexp"

	"github.com/lagscaler/lagscaler/lag"
)

// StuckOf are stuck partitions for readers.
func StuckOf(all []lag.Stuck) (out []Stuck) {
	for i := range all {
		s := &all[i]
		out = append(out, Stuck{
			Topic: s.Topic, Partition: s.Partition, Committed: s.Committed, Waiting: s.Waiting, Owner: s.OwnerName(),
			Since: s.Since, OthersMove: s.OthersMove, Command: command(s),
		})
	}
	return out
}

// command prints the record at the committed offset. The options are the same from Kafka 2.0 to 4.x. With --partition the
// consumer joins no group, and without a group it commits nothing.
func command(s *lag.Stuck) string {
	return fmt.Sprintf("kafka-console-consumer.sh --bootstrap-server %s --topic %s --partition %d --offset %d --max-messages 1",
		plain(s.Broker, "BROKER"), plain(s.Topic, "TOPIC"), s.Partition, s.Committed)
}

// plain is a word as a shell takes it, or a placeholder: a broker may advertise and answer anything.
func plain(word, otherwise string) string {
	if plainWord.MatchString(word) {
		return word
	}
	return otherwise
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9._:\[\]-]+$`)

// Text says in one sentence what stands, whose it is, and since when.
func (s Stuck) Text() string {
	owner := "its owner is not known"
	if s.Owner != "" {
		owner = "owner " + s.Owner
	}
	others := "no other partition of the group has moved since: its consumers may hang"
	if s.OthersMove {
		others = "others have moved since: the record at that offset may fail for ever, or its consumer hangs, or the application paused the partition"
	}
	return fmt.Sprintf("%s-%d stands at offset %d since %s, %d records wait, %s; %s", s.Topic, s.Partition, s.Committed, s.Since.UTC().Format("2006-01-02 15:04:05 UTC"), s.Waiting, owner, others)
}
