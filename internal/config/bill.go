package config

import (
	"math"
	"unicode"
	"unicode/utf8"
)

// Bill is what a replica costs, for the bill: docs/bill.md.
type Bill struct {
	// What one replica costs in an hour, on average over all targets. Default: none; the bill then has replica hours only.
	ReplicaHour float64 `yaml:"replicaHour"`

	// The currency of replicaHour, as it is printed after an amount, such as EUR.
	Currency string `yaml:"currency"`
}

// maxCurrency is the greatest number of characters of a currency.
const maxCurrency = 10

func (v *validator) bill(b *Bill) {
	switch {
	case !(b.ReplicaHour >= 0) || math.IsInf(b.ReplicaHour, 0):
		v.addProblem("bill.replicaHour", "must be a number that is not negative")
	case b.ReplicaHour > 0:
		v.require("bill.currency", b.Currency == "", "the currency of replicaHour, such as EUR")
	case b.Currency != "":
		v.forbid("without bill.replicaHour", "bill.currency")
	}
	if utf8.RuneCountInString(b.Currency) > maxCurrency {
		v.addProblem("bill.currency", "must have at most %d characters", maxCurrency)
	}
	for _, r := range b.Currency {
		if !unicode.IsPrint(r) {
			v.addProblem("bill.currency", "must have only characters that print")
			break
		}
	}
}
