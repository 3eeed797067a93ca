package config

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Owner is a label that says whose a group is.
type Owner struct {
	// The name of the label in metrics and alerts, such as `team`.
	Label string `yaml:"label"`

	// The key of the label of KafkaScalers and of namespaces that has the value, such as `example.com/team`. Default: `label`.
	From string `yaml:"from"`
}

const (
	maxOwners     = 10
	maxOwnerBytes = 200 // of a value
)

var (
	ownerLabel = regexp.MustCompile(`^[a-z][a-zA-Z0-9_]*$`) // of Prometheus, without those that it keeps for itself
	labelKey   = regexp.MustCompile(`^([a-z0-9]([a-z0-9.-]*[a-z0-9])?/)?[a-zA-Z0-9]([a-zA-Z0-9._-]*[a-zA-Z0-9])?$`)
)

// takenLabels are labels of our metrics and alerts, and those that Prometheus adds at a scrape.
var takenLabels = []string{
	"kafka_cluster", "group", "topic", "partition", "target_namespace", "target_kind", "target", "tier", "severity", "alertname", "limit", "reason",
	"cause", "outcome", "status", "mode", "owner", "bound", "job", "instance", "namespace", "pod", "service", "container", "endpoint", "cluster",
}

// Key is the key of the label of KafkaScalers and namespaces.
func (o Owner) Key() string { return cmp.Or(o.From, o.Label) }

// owners checks the labels that say whose a group is, and their values.
func (v *validator) owners(c *Config) {
	if len(c.Owners) > maxOwners {
		v.addProblem("owners", "must have at most %d labels", maxOwners)
	}
	var labels []string
	for i, o := range c.Owners {
		at := fmt.Sprintf("owners[%d]", i)
		v.require(at+".label", o.Label == "", "the name of the label in metrics, such as team")
		switch {
		case o.Label == "":
		case !ownerLabel.MatchString(o.Label):
			v.addProblem(at+".label", "must be the name of a label: letters, digits and _, beginning with a small letter")
		case slices.Contains(takenLabels, o.Label):
			v.addProblem(at+".label", "is a label with another meaning; take another name, such as team")
		case slices.Contains(labels, o.Label):
			v.addProblem(at+".label", "is listed twice")
		}
		if !labelKey.MatchString(o.Key()) && o.From != "" {
			v.addProblem(at+".from", "must be the key of a label in Kubernetes, such as example.com/team")
		}
		labels = append(labels, o.Label)
	}
	for i := range c.Groups {
		for _, name := range slices.Sorted(maps.Keys(c.Groups[i].Labels)) {
			v.ownerValue(fmt.Sprintf("groups[%d].labels.%s", i, name), name, c.Groups[i].Labels[name], labels)
		}
	}
}

func (v *validator) ownerValue(at, name, value string, labels []string) {
	switch {
	case !slices.Contains(labels, name):
		v.addProblem(at, "is not a label of owners; list it there as {label: %s}", name)
	case strings.TrimSpace(value) == "":
		v.addProblem(at, "must not be empty")
	case len(value) > maxOwnerBytes:
		v.addProblem(at, "must have at most %d bytes", maxOwnerBytes)
	}
}
