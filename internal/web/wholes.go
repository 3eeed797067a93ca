package web

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lagscaler/lagscaler/internal/api"
	"github.com/lagscaler/lagscaler/internal/serve"
)

// A whole list over several shards is written while those of all shards are read: of each, one element is in memory.
//
//	a shard does not answer, or not with such a list   it is named in partial, before the list
//	it stops in the middle                             the answer is cut off: what is written is no JSON, so nobody takes it for all

// gather makes one list of those of all shards, which are open at their first element. partial are the shards that are not among them.
type gather func(p *pages, parts []*stream, partial []string) (serve.Whole, error)

// stream is the whole list of one shard, which is read element by element.
type stream struct {
	name  string
	dec   *json.Decoder
	in    *portion
	close func()
	head  json.RawMessage // what is before the list, as JSON with an empty list
	over  bool            // of a list of lists: all are read
}

// portion bounds what one element may have, and how long the next bytes may take.
type portion struct {
	from   io.Reader
	left   int    // bytes
	giveUp func() // ends a Read that waits
}

func (b *portion) Read(into []byte) (int, error) {
	if b.left <= 0 {
		return 0, fmt.Errorf("an element of its list has more than %d MiB", othersMost>>20)
	}
	timer := time.AfterFunc(othersAnswer, b.giveUp)
	defer timer.Stop()
	n, err := b.from.Read(into[:min(len(into), b.left)])
	b.left -= n
	return n, err
}

func newStream(name string, from io.Reader, giveUp, closes func()) *stream {
	in := &portion{from: from, left: othersMost, giveUp: giveUp}
	return &stream{name: name, in: in, dec: json.NewDecoder(in), close: closes}
}

// delim reads one bracket.
func (s *stream) delim(want json.Delim) error {
	t, err := s.dec.Token()
	if err != nil {
		return fmt.Errorf("its answer ends early: %w", err)
	}
	if t != want {
		return fmt.Errorf("its answer is none of this version: it has %v where %v should be", t, want)
	}
	return nil
}

// open reads an object up to the first element of the list, which is its last field.
func (s *stream) open(list string) error {
	if err := s.delim('{'); err != nil {
		return err
	}
	fields := map[string]json.RawMessage{list: json.RawMessage("[]")}
	for s.dec.More() {
		t, err := s.dec.Token()
		if err != nil {
			return fmt.Errorf("its answer ends early: %w", err)
		}
		name, _ := t.(string)
		if name == list {
			if err = s.delim('['); err == nil {
				s.head, err = json.Marshal(fields)
			}
			return err
		}
		var value json.RawMessage
		if err := s.dec.Decode(&value); err != nil {
			return fmt.Errorf("its answer ends early: %w", err)
		}
		fields[name] = value
	}
	return fmt.Errorf("its answer is none of this version: it has no %s", list)
}

// ends reads the end of the list and of its object, if there is no further element.
func (s *stream) ends() (bool, error) {
	if s.in.left = othersMost; s.dec.More() {
		return false, nil
	}
	if err := s.delim(']'); err != nil {
		return false, err
	}
	return true, s.delim('}')
}

// next is the next element; ok is false at the end.
func (s *stream) next() (element json.RawMessage, ok bool, err error) {
	if end, err := s.ends(); end || err != nil {
		return nil, false, err
	}
	if err := s.dec.Decode(&element); err != nil {
		return nil, false, fmt.Errorf("its answer ends early: %w", err)
	}
	return element, true, nil
}

// openStreams opens the list of this shard and those of all others. It returns the open ones, in the order of the shards after this one,
// and why the others are missing. The caller closes them.
func (p *pages) openStreams(req *http.Request, r route, own serve.Whole, others []Other) (parts []*stream, partial []string, err error) {
	out, in := io.Pipe()
	mine := newStream("this shard", out, func() {}, func() { _ = out.Close() })
	go func() { _ = in.CloseWithError(own.WriteJSON(in)) }() // it ends when out is closed
	if err := mine.open(r.list); err != nil {
		mine.close()
		return nil, nil, err
	}
	opened, failed := make([]*stream, len(others)), make([]error, len(others))
	var wg sync.WaitGroup
	for i, o := range others {
		wg.Go(func() { opened[i], failed[i] = openOther(req, o, r) })
	}
	wg.Wait()
	parts = append(parts, mine)
	for i, o := range others {
		if failed[i] != nil {
			partial = append(partial, o.Name+": "+failed[i].Error())
			continue
		}
		parts = append(parts, opened[i])
	}
	return parts, partial, nil
}

var errSlow = fmt.Errorf("it does not answer within %v", othersAnswer)

// openOther opens the list of another shard.
func openOther(req *http.Request, o Other, r route) (*stream, error) {
	if o.URL == "" {
		return nil, errors.New(o.Why)
	}
	ctx, cancel := context.WithCancelCause(req.Context())
	giveUp := func() { cancel(errSlow) }
	timer := time.AfterFunc(othersAnswer, giveUp)
	answer, err := question(ctx, req, o, r.twin+"?"+req.URL.RawQuery)
	timer.Stop()
	if err != nil {
		if errors.Is(context.Cause(ctx), errSlow) {
			err = errSlow
		}
		cancel(nil)
		return nil, err
	}
	opened := newStream(o.Name, answer.Body, giveUp, func() { cancel(nil); _ = answer.Body.Close() })
	if answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("it answers with status %d", answer.StatusCode)
	} else {
		err = opened.open(r.list)
	}
	if err != nil {
		opened.close()
		return nil, err
	}
	return opened, nil
}

// wholeOfAll is a whole list of all shards. The caller calls ends when it is written.
func (p *pages) wholeOfAll(req *http.Request, r route, own serve.Whole, others []Other) (all serve.Whole, ends func(), err error) {
	parts, partial, err := p.openStreams(req, r, own, others)
	if err != nil {
		return all, nil, err
	}
	ends = func() {
		for _, one := range parts {
			one.close()
		}
	}
	if all, err = r.gather(p, parts, partial); err != nil {
		ends()
		return all, nil, err
	}
	return all, ends, nil
}

// listsOf gathers the lists of a page. page is an empty one, key what an element is sorted by.
func listsOf[K any](page func() merged, key func(json.RawMessage) (K, error), order func(l List) func(a, b K) int) gather {
	return func(p *pages, parts []*stream, partial []string) (serve.Whole, error) {
		all := page()
		if err := json.Unmarshal(parts[0].head, all); err != nil {
			return serve.Whole{}, fmt.Errorf("the own list: %w", err)
		}
		kept := parts[:1:1]
		for _, one := range parts[1:] {
			if err := all.add(one.head); err != nil {
				partial = append(partial, one.name+": "+err.Error())
				continue
			}
			kept = append(kept, one)
		}
		all.list().Partial = partial
		return serve.WholeOf(all, merge(p, kept, key, order(*all.list()))), nil
	}
}

// merge are the elements of all parts, each of which is sorted. An error is an element, too: it cuts the answer off.
func merge[K any](p *pages, parts []*stream, key func(json.RawMessage) (K, error), order func(a, b K) int) iter.Seq[any] {
	type head struct {
		element json.RawMessage
		key     K
		ok      bool
	}
	return func(yield func(any) bool) {
		heads := make([]head, len(parts))
		advance := func(i int) bool {
			h := &heads[i]
			var err error
			if h.element, h.ok, err = parts[i].next(); err == nil && h.ok {
				h.key, err = key(h.element)
			}
			if err == nil {
				return true
			}
			p.Log.Warn("a list of all shards is cut off", "shard", parts[i].name, "err", err)
			yield(fmt.Errorf("%s: %w", parts[i].name, err))
			return false
		}
		for i := range parts {
			if !advance(i) {
				return
			}
		}
		for {
			least := -1
			for i := range heads {
				if heads[i].ok && (least < 0 || order(heads[i].key, heads[least].key) < 0) {
					least = i
				}
			}
			if least < 0 || !yield(heads[least].element) || !advance(least) {
				return
			}
		}
	}
}

// keyed is the part of an element that the list is sorted by.
func keyed[K any](element json.RawMessage) (key K, err error) {
	if err := json.Unmarshal(element, &key); err != nil {
		return key, fmt.Errorf("its answer is none of this version: %w", err)
	}
	return key, nil
}

// The whole lists of which each shard has a part.
var (
	gatherGroups = listsOf(func() merged { return &GroupsPage{} }, keyed[*Row], rowOrder)

	gatherDecisions = listsOf(func() merged { return &DecisionsPage{} }, keyed[named], func(List) func(a, b named) int { return byNamed })

	gatherRebalances = listsOf(func() merged { return &RebalancesPage{} }, keyed[began],
		func(List) func(a, b began) int { return func(a, b began) int { return b.Start.Compare(a.Start) } })
)

type named struct {
	Name  string `json:"name"`
	Group string `json:"group"`
}

func byNamed(a, b named) int {
	return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Group, b.Group))
}

type began struct {
	Start time.Time `json:"start"`
}

// silentStage is the stage of the error of each cluster that lacks the groups of a shard.
const silentStage = "shards"

// gatherLag is the lag of all groups: a list of clusters, each of which has a list of groups.
func gatherLag(p *pages, parts []*stream, partial []string) (serve.Whole, error) {
	return serve.WholeOf(api.Lag{Partial: partial, Clusters: []api.Cluster{}}, func(yield func(any) bool) {
		heads := make([]*api.Cluster, len(parts)) // nil: there is no further one
		failed := func(one *stream, err error) {
			p.Log.Warn("a list of all shards is cut off", "shard", one.name, "err", err)
			yield(fmt.Errorf("%s: %w", one.name, err))
		}
		for {
			for i, one := range parts {
				if heads[i] != nil {
					continue
				}
				var err error
				if heads[i], err = one.nextCluster(); err != nil {
					failed(one, err)
					return
				}
			}
			cluster, with := nextOf(heads, parts, partial)
			if len(with) == 0 || !yield(serve.WholeOf(cluster, merge(p, with, keyed[named], byNamed))) {
				return
			}
		}
	}), nil
}

// nextCluster is the head of the next cluster; nil: there is none.
func (s *stream) nextCluster() (*api.Cluster, error) {
	if s.over {
		return nil, nil
	}
	if end, err := s.ends(); end || err != nil {
		s.over = true
		return nil, err
	}
	if err := s.open("groups"); err != nil {
		return nil, err
	}
	c, err := keyed[api.Cluster](s.head)
	return &c, err
}

// nextOf is the head of the first of these clusters, of all shards, and the parts that have it. Their heads are then taken.
func nextOf(heads []*api.Cluster, parts []*stream, partial []string) (all api.Cluster, with []*stream) {
	for _, h := range heads {
		if h != nil && (all.Cluster == "" || h.Cluster < all.Cluster) {
			all.Cluster = h.Cluster
		}
	}
	all.Complete, all.Groups = true, []api.Group{}
	for i, h := range heads {
		if h == nil || h.Cluster != all.Cluster {
			continue
		}
		with, heads[i] = append(with, parts[i]), nil
		all.Complete = all.Complete && h.Complete
		for _, e := range h.Errors {
			if !slices.ContainsFunc(all.Errors, e.Equal) {
				all.Errors = append(all.Errors, e)
			}
		}
	}
	for _, why := range partial {
		all.Complete, all.Errors = false, append(all.Errors, api.Error{Stage: silentStage, Code: "SHARD_SILENT", Detail: why})
	}
	return all, with
}
