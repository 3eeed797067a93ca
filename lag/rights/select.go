package rights

import (
	"regexp/syntax"
	"slices"
)

// Selection are the names that a configuration selects, as an ACL can express it.
type Selection []Right

// Select is the selection of a list of patterns that each match a complete name, in the syntax of package regexp. An ACL knows
// one name, a prefix, or all: the narrowest of these that has every match.
//
//	shop             the name shop
//	shop\..*         names that begin with shop.
//	shop|orders      all: it could be two names, and a list of patterns says that better
//	.*-dlq           all
func Select(patterns []string) Selection {
	var all Selection
	for _, p := range patterns {
		all = append(all, selectOne(p))
	}
	if len(all) == 0 || slices.ContainsFunc(all, func(r Right) bool { return r.Extent == All }) {
		return Selection{{Extent: All}}
	}
	return all
}

func selectOne(pattern string) Right {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return Right{Extent: All}
	}
	re = re.Simplify()
	if re.Op == syntax.OpLiteral && re.Flags&syntax.FoldCase == 0 {
		return Right{Name: string(re.Rune), Extent: Named}
	}
	if re.Op == syntax.OpConcat && re.Sub[0].Op == syntax.OpLiteral && re.Sub[0].Flags&syntax.FoldCase == 0 {
		return Right{Name: string(re.Sub[0].Rune), Extent: Prefixed}
	}
	return Right{Extent: All}
}

// Of are the rights to an operation on the selection.
func (s Selection) Of(o Operation, on Resource) []Right {
	out := make([]Right, 0, len(s))
	for _, r := range s {
		r.Operation, r.Resource = o, on
		out = append(out, r)
	}
	return out
}
