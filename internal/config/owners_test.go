package config

import (
	"maps"
	"strings"
	"testing"
)

// The first entry that matches a group says whose it is, also if it says nothing.
func TestLabelsOfAGroup(t *testing.T) {
	c := parse(t, minimal+`
owners: [{label: team}, {label: product, from: example.com/product}]
groups:
- {match: orders-eu, labels: {team: shop, product: "${PORT}"}}
- {match: orders-us}
- {match: "orders-.*", labels: {team: "the others"}}
`)
	for group, want := range map[string]map[string]string{
		"orders-eu": {"team": "shop", "product": "9092"}, "orders-us": nil, "orders-asia": {"team": "the others"}, "pay": nil,
	} {
		if got := c.Labels("main", group); !maps.Equal(got, want) {
			t.Errorf("%s: %v, want %v", group, got, want)
		}
	}
	if got := c.Owners[0].Key() + " " + c.Owners[1].Key(); got != "team example.com/product" {
		t.Errorf("keys %s", got)
	}
}

func TestMistakesInOwners(t *testing.T) {
	many := strings.Repeat("- {label: team}\n", 11)
	for text, want := range map[string]string{
		"owners: [{from: a}]":                                               "owners[0].label: is missing",
		"owners: [{label: kafka_cluster}]":                                  "owners[0].label: \"kafka_cluster\": is a label with another meaning",
		"owners: [{label: severity}]":                                       "is a label with another meaning",
		"owners: [{label: a-b}]":                                            "owners[0].label: \"a-b\": must be the name of a label",
		"owners: [{label: __name__}]":                                       "must be the name of a label",
		"owners: [{label: a}, {label: a}]":                                  "owners[1].label: \"a\": is listed twice",
		"owners: [{label: a, from: /x}]":                                    "owners[0].from: \"/x\": must be the key of a label in Kubernetes",
		"owners:\n" + many:                                                  "owners: must have at most 10 labels",
		"groups: [{match: .*, labels: {team: x}}]":                          "groups[0].labels.team: \"x\": is not a label of owners",
		"owners: [{label: a}]\ngroups: [{match: .*, labels: {a: \" \"}}]":   "groups[0].labels.a:",
		"owners: [{label: a}]\ngroups: [{match: .*, labels: {a: x, a: y}}]": "groups[0].labels.a: \"x\": is set twice",
		"owners: [{label: a}]\ngroups: [{match: .*, labels: [a]}]":          "groups[0].labels: must be a mapping from names to texts",
		"owners: [{label: a}]\ngroups: [{match: .*, labels: {a: {b: c}}}]":  "groups[0].labels.a: must be a single value",
		"owners: [{label: a}]\ngroups: [{match: .*, labels: {a: " + strings.Repeat("x", 201) + "}}]": "must have at most 200 bytes",
	} {
		if _, err := Parse([]byte(minimal+text), testEnv()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: %v\nwant %q", text, err, want)
		}
	}
}
