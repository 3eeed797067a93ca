package api

import (
	"maps"
	"slices"
	"strings"
)

// Labels say whose something is: values by the names that `owners` of the configuration lists.
type Labels map[string]string

// String is the labels in the order of their names, such as team=shop, tier=1.
func (l Labels) String() string {
	parts := make([]string, 0, len(l))
	for _, name := range slices.Sorted(maps.Keys(l)) {
		parts = append(parts, name+"="+l[name])
	}
	return strings.Join(parts, ", ")
}
