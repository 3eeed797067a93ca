package wire

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/twmb/franz-go/pkg/kbin"
)

const (
	newestAssignmentInfo = 11
	commonVersionSince   = 3
	namedTopologySince   = 10
)

// Task is one task of Kafka Streams.
type Task struct {
	Subtopology string
	Partition   int32
}

// ActiveTasks reads the active tasks of an AssignmentInfo, the user data of an assignment of Kafka Streams. Kafka documents it
// only in the source of that class:
//
//	int32            version, 1 to 11
//	int32            version that all members support; from version 3 on
//	int32 n, then n  active tasks: int32 subtopology, int32 partition; from version 10 on also the name of the topology, as
//	                 int32 length and 2 bytes a character (empty but for named topologies, an internal feature)
//	…                standby tasks and hosts, which are not read here
func ActiveTasks(raw []byte) ([]Task, error) {
	r := kbin.Reader{Src: raw}
	version := r.Int32()
	if !r.Ok() || version < 1 || version > newestAssignmentInfo {
		return nil, fmt.Errorf("AssignmentInfo of version %d, 1 to %d are known", version, newestAssignmentInfo)
	}
	if version >= commonVersionSince {
		r.Int32()
	}
	size := 8
	if version >= namedTopologySince {
		size = 12
	}
	n := int(r.Int32())
	if !r.Ok() || n < 0 || n > len(r.Src)/size {
		return nil, errors.New("AssignmentInfo has fewer tasks than it claims")
	}
	tasks := make([]Task, 0, n)
	for range n {
		t := Task{Subtopology: strconv.Itoa(int(r.Int32())), Partition: r.Int32()}
		if version >= namedTopologySince {
			t.Subtopology = topologyName(&r) + t.Subtopology
		}
		if !r.Ok() || t.Partition < 0 {
			return nil, errors.New("AssignmentInfo has fewer tasks than it claims")
		}
		tasks = append(tasks, t)
	}
	return tasks, nil
}

// topologyName is the name of a topology, as a prefix that makes the ids of its subtopologies unique.
func topologyName(r *kbin.Reader) string {
	n := int(r.Int32())
	if n == 0 {
		return ""
	}
	if n < 0 || n > len(r.Src)/2 {
		r.Span(len(r.Src) + 1) // makes the reader fail
		return ""
	}
	return string(r.Span(2*n)) + "/"
}
