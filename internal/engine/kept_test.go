package engine

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"weak"
)

// Of each cluster the engine keeps one report between polls, however often it publishes: one of a million group-partitions takes 100 MB.
func TestOneReportOfEachClusterIsKept(t *testing.T) {
	const clusters = 5
	synctest.Test(t, func(t *testing.T) {
		var s Settings
		for i := range clusters {
			k := &kafka{name: fmt.Sprint("c", i), end: 10, members: 1}
			s.Clusters = append(s.Clusters, Cluster{Name: k.name, Source: k})
		}
		published := map[weak.Pointer[ClusterReport]]bool{}
		e := New(s, Options{Publish: func(r *Report) {
			for _, c := range r.Clusters {
				published[weak.Make(c)] = true
			}
		}})
		ctx, stop := context.WithCancel(t.Context())
		var run sync.WaitGroup
		run.Go(func() { _ = e.Run(ctx) })
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		runtime.GC()
		runtime.GC()
		kept := 0
		for p := range published {
			if p.Value() != nil {
				kept++
			}
		}
		if kept != clusters || len(published) < 10*clusters {
			t.Errorf("%d reports of %d clusters are kept, of %d", kept, clusters, len(published))
		}
		stop()
		run.Wait()
	})
}
