package consumer

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Config is what one consumer process does.
type Config struct {
	Name       string // of its pod: the client id begins with it
	Brokers    string
	Topic      string
	More       []string // topics that it reads besides
	Groups     []string // one member of each
	Processing time.Duration
	Target     time.Duration // a record older than this when it is done is late
	Poisoned   []int32       // partitions of which only the first records are ever done
	Session    time.Duration // 6 s
	Plain      bool          // as programs are with the clients' defaults: see plainOptions
}

// Report is what a consumer has done so far; it writes one as a line now and then, and when it ends.
type Report struct {
	Done, Late int64
	Oldest     time.Duration // of a record when it was done

	At     time.Time
	Recent time.Duration   // Oldest since the line before
	Busy   time.Duration   // time spent on records
	Paused []time.Duration // from giving partitions up to having some again, since the line before; only of plain members
}

// CommitEvery is how often a consumer commits.
const CommitEvery = 500 * time.Millisecond

const (
	reportEvery = 500 * time.Millisecond
	goodRecords = 20 // records of a poisoned partition that can be done
	fetchAtOnce = 10 // records: after a rebalance so many at most are done for partitions that are another's by then

	// A broker answers at once when there is a record. A fetch that waits in vain keeps the one after a rebalance waiting, and each
	// costs a broker and a consumer CPU: with a fifth of this, thirty consumers without a record ask three brokers 900 times a second.
	fetchWait = 500 * time.Millisecond
)

// Run is main of a consumer process with this Config as JSON: it ends at SIGTERM, leaving its groups as a well-behaved program does.
func Run(text string) error {
	var c Config
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	results := make(chan Report)
	ended := make(chan error, len(c.Groups))
	for _, group := range c.Groups {
		go func() { ended <- c.member(ctx, group, results) }()
	}
	if c.Plain {
		select {
		case <-time.After(rand.N(plainStart)):
		case <-ctx.Done():
		}
	}
	reported := time.Now()
	sum := Report{At: reported}
	out := json.NewEncoder(os.Stdout)
	if err := out.Encode(sum); err != nil { // it has started
		return err
	}
	for left := len(c.Groups); left > 0; {
		select {
		case r := <-results:
			sum.add(r)
			if time.Since(reported) >= reportEvery {
				reported, sum.At = time.Now(), time.Now()
				if err := out.Encode(sum); err != nil {
					return err
				}
				sum.Recent, sum.Paused = 0, nil
			}
		case err := <-ended:
			if left--; err != nil {
				return err
			}
		}
	}
	sum.At = time.Now()
	return out.Encode(sum)
}

func (c *Report) add(r Report) {
	c.Done, c.Late, c.Busy = c.Done+r.Done, c.Late+r.Late, c.Busy+r.Busy
	c.Oldest, c.Recent = max(c.Oldest, r.Oldest), max(c.Recent, r.Oldest)
	c.Paused = append(c.Paused, r.Paused...)
}

// groupOptions say how a member behaves in its group.
func (c Config) groupOptions(ctx context.Context, results chan<- Report) []kgo.Opt {
	if !c.Plain {
		return []kgo.Opt{
			kgo.Balancers(kgo.CooperativeStickyBalancer()), kgo.AutoCommitInterval(CommitEvery),
			kgo.SessionTimeout(cmp.Or(c.Session, 6*time.Second)), kgo.HeartbeatInterval(300 * time.Millisecond), kgo.FetchMaxWait(fetchWait),
		}
	}
	return c.plainOptions(ctx, results)
}

// A plain program takes a while to come up, each another, and works on what one fetch brought, for up to two seconds here,
// before it takes part in a rebalance.
const (
	plainStart  = 8 * time.Second // at most
	plainCommit = 5 * time.Second
	plainFetch  = 100 // records
	plainWait   = 100 * time.Millisecond
)

// plainOptions are those of a program with the clients' defaults: eager, range, a heartbeat each 3 s, a commit each 5 s. It
// tells how long it had no partitions in a rebalance.
func (c Config) plainOptions(ctx context.Context, results chan<- Report) []kgo.Opt {
	var gaveUp time.Time // both callbacks come one after the other
	return []kgo.Opt{
		kgo.Balancers(kgo.RangeBalancer()), kgo.AutoCommitInterval(plainCommit), kgo.HeartbeatInterval(3 * time.Second), kgo.FetchMaxWait(plainWait),
		kgo.BlockRebalanceOnPoll(),
		kgo.OnPartitionsRevoked(func(_ context.Context, client *kgo.Client, _ map[string][]int32) {
			gaveUp = time.Now()
			if err := client.CommitMarkedOffsets(context.WithoutCancel(ctx)); err != nil {
				fmt.Fprintln(os.Stderr, err)
			}
		}),
		kgo.OnPartitionsAssigned(func(context.Context, *kgo.Client, map[string][]int32) {
			if gaveUp.IsZero() {
				return // it has just joined
			}
			select {
			case results <- Report{Paused: []time.Duration{time.Since(gaveUp)}}:
			case <-ctx.Done():
			}
			gaveUp = time.Time{}
		}),
	}
}

// member is one member of a group: it does one record after the other.
func (c Config) member(ctx context.Context, group string, results chan<- Report) error {
	client, err := kgo.NewClient(append(c.groupOptions(ctx, results),
		kgo.SeedBrokers(strings.Split(c.Brokers, ",")...), kgo.ClientID(c.Name+"-"+group), kgo.ConsumerGroup(group), kgo.ConsumeTopics(append(c.More, c.Topic)...),
		kgo.AutoCommitMarks(), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
	)...)
	if err != nil {
		return err
	}
	defer client.CloseAllowingRebalance() // commits what is marked, and leaves
	atOnce := fetchAtOnce
	if c.Plain {
		atOnce = plainFetch
	}
	for ctx.Err() == nil {
		client.AllowRebalance()
		fetched := client.PollRecords(ctx, atOnce)
		for _, failed := range fetched.Errors() {
			if !errors.Is(failed.Err, context.Canceled) {
				fmt.Fprintln(os.Stderr, failed.Err)
			}
		}
		fetched.EachRecord(func(r *kgo.Record) {
			if ctx.Err() != nil || r.Offset >= goodRecords && slices.Contains(c.Poisoned, r.Partition) {
				return
			}
			began := time.Now()
			time.Sleep(c.Processing) // the work itself
			client.MarkCommitRecords(r)
			age := time.Since(r.Timestamp)
			result := Report{Done: 1, Oldest: age, Busy: time.Since(began)}
			if age > c.Target {
				result.Late = 1
			}
			results <- result
		})
	}
	return nil
}
