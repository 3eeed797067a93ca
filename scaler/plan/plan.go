// Package plan computes a fixed capacity plan: how many consumers and partitions a constant rate needs.
//
//	consumers  = rate / (records/s of one consumer), rounded up
//	partitions = consumers rounded up to a multiple of 12
//
// Example: 1000 records/s at 50 ms each. One consumer processes 20/s, so the plan is 50 consumers and 60 partitions. With 60
// partitions, 10 of the 50 consumers have two partitions and receive 33/s, more than the 20/s that they can process. The
// smallest number of consumers that can process the rate is 60, one per partition.
//
// The plan is exact: it computes with fractions. [Consumers] is the same formula for a rate that was measured.
package plan

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"time"
)

// DefaultDrain is the time in which a backlog is to be gone when nothing else is asked for.
const DefaultDrain = 120 * time.Second

// partitionsStep: recommended partition counts are multiples of 12, which splits evenly over 1, 2, 3, 4, 6 and 12.
const partitionsStep = 12

// Input is what a plan is made for.
type Input struct {
	Rate           float64       // records/s arriving
	ProcessingTime time.Duration // of one record
	TargetLag      time.Duration // changes none of the outputs: consumers that keep up have no lag
	Backlog        int64         // records waiting; 0: none
	DrainTime      time.Duration // in which the backlog is to be gone; 0: DefaultDrain
	Partitions     int32         // that exist; 0: as many as recommended
}

// Plan is how many consumers and partitions a rate needs.
type Plan struct {
	PerConsumer            float64 `json:"perConsumer"` // records/s
	ConsumersForThroughput int64   `json:"consumersForThroughput"`
	ConsumersForLag        int64   `json:"consumersForLag"`
	RecommendedConsumers   int64   `json:"recommendedConsumers"`
	RecommendedPartitions  int64   `json:"recommendedPartitions"`
	LeastConsumers         int64   `json:"usefulConsumers"`    // the least count that keeps up, partitions being whole
	ConsumersWithDrain     int64   `json:"consumersWithDrain"` // that also drain the backlog in DrainTime
	BalancedPartitions     int64   `json:"balancedPartitions"` // three for each consumer: room for even splits
}

// Make computes a plan in fractions: floating-point noise never adds a consumer.
// 1000/s at 61 ms are 61 consumers, not 62. All that is wrong with the input is reported at once.
//
//	rate   time   consumers  partitions  useful
//	1000   50 ms  50         60          60       10 of 50 would carry two partitions, 33/s > 20/s
//	1000   61 ms  61         72          72
//	0      50 ms  0          0           0
func Make(in Input) (Plan, error) {
	rate, err := in.check()
	if err != nil {
		return Plan{}, err
	}
	busy := new(big.Rat).SetFrac64(int64(in.ProcessingTime), int64(time.Second)) // seconds a record keeps a consumer busy
	per, _ := new(big.Rat).Inv(busy).Float64()
	consumers := ceil(new(big.Rat).Mul(rate, busy)) // rate / (1 / busy) is the same fraction: throughput and lag agree

	drain := in.DrainTime
	if drain == 0 {
		drain = DefaultDrain
	}
	extra := new(big.Rat).SetFrac(
		new(big.Int).Mul(big.NewInt(in.Backlog), big.NewInt(int64(time.Second))), big.NewInt(int64(drain)))
	p := Plan{
		PerConsumer:            per,
		ConsumersForThroughput: consumers,
		ConsumersForLag:        consumers,
		RecommendedConsumers:   consumers,
		RecommendedPartitions:  RoundPartitions(consumers),
		ConsumersWithDrain:     ceil(extra.Mul(extra.Add(extra, rate), busy)),
		BalancedPartitions:     RoundPartitions(3 * consumers),
	}
	partitions := int64(in.Partitions)
	if partitions == 0 {
		partitions = p.RecommendedPartitions
	}
	p.LeastConsumers = leastConsumers(partitions, rate, busy)
	return p, nil
}

func (in Input) check() (*big.Rat, error) {
	var errs []error
	// The shortest decimal that names the float is what was typed: 0.1 is a tenth.
	rate, ok := new(big.Rat).SetString(strconv.FormatFloat(in.Rate, 'g', -1, 64))
	if !ok || rate.Sign() < 0 {
		errs = append(errs, fmt.Errorf("rate must be a number of at least 0, not %v", in.Rate))
	}
	if in.ProcessingTime <= 0 {
		errs = append(errs, fmt.Errorf("processing time must be positive, not %v", in.ProcessingTime))
	}
	if in.TargetLag < 0 {
		errs = append(errs, fmt.Errorf("target lag must not be negative, not %v", in.TargetLag))
	}
	if in.Backlog < 0 {
		errs = append(errs, fmt.Errorf("backlog must not be negative, not %d", in.Backlog))
	}
	if in.DrainTime < 0 {
		errs = append(errs, fmt.Errorf("drain time must not be negative, not %v", in.DrainTime))
	}
	if in.Partitions < 0 {
		errs = append(errs, fmt.Errorf("partitions must not be negative, not %d", in.Partitions))
	}
	return rate, errors.Join(errs...)
}

// leastConsumers is the least number of consumers none of which carries more than it can do, when rate is spread evenly
// over whole partitions: k = floor(P / (rate * busy)) of them fit on one, so ceil(P / k) are needed.
// When not even one fits, a consumer for each partition is the best there is.
func leastConsumers(partitions int64, rate, busy *big.Rat) int64 {
	load := new(big.Rat).Mul(rate, busy)
	if partitions == 0 || load.Sign() == 0 {
		return 0
	}
	fit := load.Quo(new(big.Rat).SetInt64(partitions), load)
	k := new(big.Int).Quo(fit.Num(), fit.Denom())
	if k.Sign() == 0 {
		return partitions
	}
	if !k.IsInt64() || k.Int64() >= partitions {
		return 1
	}
	return (partitions + k.Int64() - 1) / k.Int64()
}

func ceil(r *big.Rat) int64 {
	q, m := new(big.Int).QuoRem(r.Num(), r.Denom(), new(big.Int))
	if m.Sign() > 0 {
		q.Add(q, big.NewInt(1))
	}
	return q.Int64()
}

// RoundPartitions rounds up to a multiple of 12.
func RoundPartitions(n int64) int64 {
	return (n + partitionsStep - 1) / partitionsStep * partitionsStep
}

// noise is the floating-point error that must not add a consumer.
const noise = 1e-9

// Consumers is the plan's RecommendedConsumers for a rate that was measured: rate / perConsumer, rounded up.
func Consumers(rate, perConsumer float64) int32 {
	if rate <= 0 || perConsumer <= 0 {
		return 0
	}
	return int32(min(math.MaxInt32, math.Ceil(rate/perConsumer*(1-noise))))
}

// PerConsumer is the number of partitions of the consumer that has the most, when n consumers share them evenly.
func PerConsumer(partitions int, n int32) int {
	if n <= 0 {
		return 0
	}
	return (partitions + int(n) - 1) / int(n)
}
