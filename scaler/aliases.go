package scaler

import (
	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/need"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// Names of types that have moved to the rooms below, until every caller uses the new ones.
type (
	Clock        = seen.Clock
	Source       = seen.Source
	SourceSpec   = seen.SourceSpec
	Isolation    = seen.Isolation
	Rebalance    = seen.Rebalance
	Ref          = seen.Ref
	Workload     = seen.Workload
	Pod          = seen.Pod
	Write        = seen.Write
	Owner        = seen.Owner
	SourceMemory = learn.Source
	Season       = learn.Season
	Skilled      = learn.Accuracy
	Week         = learn.Week
	Series       = learn.Series
	Downstream   = learn.Downstream
	Need         = need.Need
)

const (
	ReadUncommitted = seen.ReadUncommitted
	ReadCommitted   = seen.ReadCommitted
	MemoryVersion   = learn.MemoryVersion
	SeasonStep      = learn.SeasonStep
	Declared        = learn.Declared
	Learned         = learn.Learned
	NotKnown        = learn.NotKnown
)

// RebalanceOf has moved to seen.
var RebalanceOf = seen.RebalanceOf
