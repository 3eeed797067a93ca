package scaler

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lagscaler/lagscaler/scaler/asleep"
	"github.com/lagscaler/lagscaler/scaler/need"
	"github.com/lagscaler/lagscaler/scaler/number"
)

// The words of the rules for a target at zero, or on its way there.

func byHandWords(d *Decision, _ *need.Need) []string {
	parts := []string{"somebody else set the replicas to 0, seen " + number.Clock(d.Why.ByHand)}
	if w := &d.Why.Waiting; !d.Why.WaitingSince.IsZero() {
		parts = append(parts, number.Of(w.Records(), "record")+" wait, since "+number.Clock(d.Why.WaitingSince))
	}
	parts = append(parts, d.Why.Waiting.Unread...)
	return append(parts, fmt.Sprintf("resume with kubectl scale --replicas=%d, or set onZeroByHand: wake", max(1, d.Policy.MinReplicas)))
}

func zeroUnreadWords(d *Decision, n *need.Need) []string {
	parts := append([]string{"whether records wait is unknown"}, d.Why.Waiting.Unread...)
	if n.NoGroup {
		parts = append(parts, n.Absent(), waitingWords)
	}
	return parts
}

func keptAwakeWords(d *Decision, n *need.Need) []string {
	k := d.Why.Keeps
	parts := toZeroWords(d, n)
	if len(k.Woken) > 0 {
		parts = append(parts, "woken for "+wokenWord(k)+", and the group has no new commit there")
	}
	if n := k.Waking.Arrived; n > 0 {
		parts = append(parts, fmt.Sprintf("%s in partitions of %s without a commit would wake it again",
			number.Of(n, "record"), topicsWord(k.Waking.Topics)), "offsetReset: latest says that nobody reads them")
	}
	if k.Waking.Own > 0 {
		parts = append(parts, fmt.Sprintf("%s arrived in cluster %s, which stands by, and none here", number.Of(k.Waking.Own, "record"), k.Standby))
	}
	return append(parts, k.Waking.Unread...)
}

// wokenWord names the topics for which a target was woken, with their partitions where they are known.
func wokenWord(k *asleep.Keeps) string {
	if slices.Contains(k.Partitions, "") || len(k.Partitions) != len(k.Woken) {
		return topicsWord(k.Woken)
	}
	words := make([]string, len(k.Woken))
	for i, topic := range k.Woken {
		word := "partition "
		if strings.ContainsAny(k.Partitions[i], ",-") {
			word = "partitions "
		}
		words[i] = word + k.Partitions[i] + " of topic " + topic
	}
	return strings.Join(words, " and ")
}

// arrivedWords name what waits where no commit says what was read.
func arrivedWords(w *asleep.Waiting) []string {
	var parts []string
	if w.Arrived > 0 {
		parts = append(parts, fmt.Sprintf("%s in partitions of %s without a commit", number.Of(w.Arrived, "record"), topicsWord(w.Topics)))
	}
	if w.Own > 0 {
		parts = append(parts, number.Of(w.Own, "record")+" arrived in a cluster that stands by, which no mirror copied")
	}
	if w.Again > 0 {
		parts = append(parts, "the commits expired: "+number.Of(w.Again, "record")+" may be read again")
	}
	return parts
}

func topicsWord(names []string) string {
	if len(names) == 1 {
		return "topic " + names[0]
	}
	return "topics " + strings.Join(names, ", ")
}
