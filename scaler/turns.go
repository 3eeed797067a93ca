package scaler

import (
	"slices"
	"strings"
)

// InTurns orders the names of scalers, which are sorted, so that the namespaces take turns: what is done for 10,000 scalers of one
// namespace delays each scaler of another one by one of them.
//
//	a/1 a/2 a/3 b/1 c/1 c/2   become   a/1 b/1 c/1 a/2 c/2 a/3
func InTurns(names []string) []string {
	turns := make(map[string]int, len(names))
	taken := map[string]int{} // by namespace
	for _, name := range names {
		namespace, _, _ := strings.Cut(name, "/")
		turns[name] = taken[namespace]
		taken[namespace]++
	}
	ordered := slices.Clone(names)
	slices.SortStableFunc(ordered, func(a, b string) int { return turns[a] - turns[b] })
	return ordered
}
