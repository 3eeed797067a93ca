package scaler_test

import (
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// What is wrong with two clusters or with two places is said with the field and its value.
func TestWrongPairsAndPlaces(t *testing.T) {
	main, west := seen.SourceSpec{Cluster: "main", Group: "orders"}, seen.SourceSpec{Cluster: "west", Group: "orders"}
	copyOf := func(cluster string, delay time.Duration) seen.SourceSpec {
		s := west
		s.StandbyFor = seen.StandbyFor{Cluster: cluster, MirrorDelay: delay}
		return s
	}
	third := copyOf("main", 0)
	third.Cluster = "third"
	for name, c := range map[string]struct {
		sources []seen.SourceSpec
		place   *scaler.Place
		says    string // empty: nothing is wrong
	}{
		"a copy":                    {[]seen.SourceSpec{main, copyOf("main", time.Minute)}, nil, ""},
		"the copy is named first":   {[]seen.SourceSpec{copyOf("main", 0), main}, nil, ""},
		"of a cluster not named":    {[]seen.SourceSpec{main, copyOf("east", 0)}, nil, `sources[1].standbyFor.cluster: "east" must be the cluster of another source with the group "orders"`},
		"of itself":                 {[]seen.SourceSpec{main, copyOf("west", 0)}, nil, `sources[1].standbyFor.cluster: "west" must be the cluster of another source`},
		"two of one":                {[]seen.SourceSpec{main, copyOf("main", 0), third}, nil, `sources[2].standbyFor.cluster: sources[1] stands by for "main" already`},
		"a copy of a copy":          {[]seen.SourceSpec{main, copyOf("main", 0), {Cluster: "third", Group: "orders", StandbyFor: seen.StandbyFor{Cluster: "west"}}}, nil, `sources[2].standbyFor.cluster: sources[1] of "west" stands by, too`},
		"a delay of two days":       {[]seen.SourceSpec{main, copyOf("main", 48*time.Hour)}, nil, "sources[1].standbyFor.mirrorDelay: must be between 0s and 24h, not 48h0m0s"},
		"a delay without a cluster": {[]seen.SourceSpec{main, copyOf("", time.Minute)}, nil, "sources[1].standbyFor.cluster: must not be empty"},
		"a learned share":           {[]seen.SourceSpec{main}, &scaler.Place{}, ""},
		"a share":                   {[]seen.SourceSpec{main}, &scaler.Place{Share: 99}, ""},
		"all":                       {[]seen.SourceSpec{main}, &scaler.Place{Share: 100}, "place.share: must be between 1 and 99 percent, not 100"},
		"a negative share":          {[]seen.SourceSpec{main}, &scaler.Place{Share: -1}, "place.share: must be between 1 and 99 percent, not -1"},
	} {
		_, err := scaler.Spec{Sources: c.sources, Place: c.place}.Policy()
		if got := errorText(err); c.says == "" && got != "" || !strings.Contains(got, c.says) {
			t.Errorf("%s: %q, want %q", name, got, c.says)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
