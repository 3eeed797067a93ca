package seen

import (
	"regexp"
	"slices"
	"strings"
)

// Which part of a client id may be the name of a pod. Clients without a configured id create one, and its number starts again in
// every process:
//
//	client                              its default                                       what may name a pod
//	Java consumer                       consumer-<group>-<n>, before 2.4 consumer-<n>     nothing
//	Java consumer, static               consumer-<group>-<group.instance.id>              the instance id
//	Kafka Streams                       <application.id>-<uuid>-StreamThread-<n>-consumer  nothing: the uuid is a process, of no known pod
//	Kafka Streams with a client.id      <client.id>-StreamThread-<n>-consumer             the client.id
//	Kafka Connect                       connector-consumer-<connector>-<task>             nothing: any worker runs the task
//	kafka-python, aiokafka              kafka-python-<version>, aiokafka-<version>        nothing
//	librdkafka, Sarama, kafkajs, kgo    rdkafka, sarama, kafkajs, kgo                     nothing
//	segmentio/kafka-go                  <program>@<host name> (github.com/…)              the host name
//
// Sources: ConsumerConfig.maybeOverrideClientId, StreamsConfig and StreamThread.getThreadProducerClientId, ConnectUtils.

var (
	librarys     = regexp.MustCompile(`^(consumer-\d+|(kafka-python|aiokafka)-[0-9a-z.]+|rdkafka|sarama|kafkajs|kgo)$`)
	streamThread = regexp.MustCompile(`-StreamThread-\d+(-[a-z-]+)?$`)
	processID    = regexp.MustCompile(`-?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	counter      = regexp.MustCompile(`^\d+$`)
	generated    = regexp.MustCompile(`^(-[bcdfghjklmnpqrstvwxz2456789]{6,10})?-[bcdfghjklmnpqrstvwxz2456789]{5}($|[^0-9A-Za-z])`)
)

const connectTask = "connector-consumer-"

// naming is the part of a client id that was configured for its process.
func naming(group, id string) string {
	if rest, ok := strings.CutPrefix(id, "consumer-"+group+"-"); ok {
		if counter.MatchString(rest) {
			return ""
		}
		id = rest
	}
	id, _, _ = strings.Cut(id, connectTask)
	if at := streamThread.FindStringIndex(id); at != nil {
		id = processID.ReplaceAllString(id[:at[0]], "")
	}
	if id == group || librarys.MatchString(id) {
		return ""
	}
	return id
}

// names finds the pod that an id names.
type names struct {
	pods    map[string]int // by name
	longest int
}

func namesOf(pods []Pod) names {
	n := names{pods: make(map[string]int, len(pods))}
	for i := range pods {
		if pods[i].Name != "" {
			n.pods[pods[i].Name] = i
			n.longest = max(n.longest, len(pods[i].Name))
		}
	}
	return n
}

// find returns the pod whose name is the id, or is contained in it as whole words; the longest name is used. ok is false if there
// is none, or if the name may be the beginning of another name.
//
//	worker-10 in pods worker-1, worker-10     worker-10
//	consumer-pod-a-7 in pods pod-a, pod-b     pod-a
//	worker-1-0 in pods worker-1, worker-2     none: it may be the first pod of a StatefulSet worker-1
//	worker-1-bc9d8b5f6-x2x4z in the same      none: it is a pod of a Deployment worker-1
//	worker-10 in pods worker-1, worker-2      none
func (n names) find(id string) (pod int, exact, ok bool) {
	if i, is := n.pods[id]; is {
		return i, true, true
	}
	starts, ends := words(id)
	found, length := -1, 0
	for _, from := range starts {
		for _, to := range slices.Backward(ends) {
			if to-from <= length || to-from > n.longest {
				continue
			}
			if i, is := n.pods[id[from:to]]; is {
				found, length = i, to-from
				if ordinal(id[from:to]) && goesOn(id[to:]) {
					found = -1
				}
			}
		}
	}
	return found, false, found >= 0
}

// words are the positions of the words in an id: sequences of letters and digits.
func words(id string) (starts, ends []int) {
	was := false
	for i := range len(id) {
		is := letter(id[i])
		if is && !was {
			starts = append(starts, i)
		}
		if !is && was {
			ends = append(ends, i)
		}
		was = is
	}
	if was {
		ends = append(ends, len(id))
	}
	return starts, ends
}

func letter(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c >= 0x80
}

// ordinal reports whether a name ends as the pods of a StatefulSet do.
func ordinal(name string) bool {
	return counter.MatchString(name[strings.LastIndexByte(name, '-')+1:]) && strings.Contains(name, "-")
}

// goesOn reports whether a name may go on: with a number, as the pods of a StatefulSet do, or with letters that Kubernetes
// generates, as those of a Deployment or a DaemonSet do.
func goesOn(rest string) bool {
	return len(rest) > 1 && rest[0] == '-' && ('0' <= rest[1] && rest[1] <= '9' || generated.MatchString(rest))
}
