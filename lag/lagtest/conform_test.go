package lagtest_test

import (
	"slices"
	"strconv"
	"testing"

	"github.com/lagscaler/lagscaler/lag/lagtest"
)

func TestConform(t *testing.T) {
	c := lagtest.New(t, "main", 3)
	members := 0
	subject := lagtest.Subject{
		Source: c, Create: c.Create, Delete: c.Delete, Append: c.Append, Trim: c.Trim, Commit: c.Commit,
		Join: func(group string, topics ...string) func() {
			members++
			member := "member-" + strconv.Itoa(members)
			c.Join(group, member, slices.Clone(topics)...)
			return func() { c.Leave(group, member) }
		},
	}
	lagtest.Conform(t, func(*testing.T) lagtest.Subject { return subject }, "")
}
