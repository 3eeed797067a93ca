package messages

import (
	"regexp"
	"slices"
)

// Filter says what a receiver is told. An empty field lets everything pass.
type Filter struct {
	Kinds      []Kind
	Namespaces []*regexp.Regexp // of the scaler, anchored
	Groups     []*regexp.Regexp // one of the groups, anchored
	Reasons    []*regexp.Regexp // anchored
}

// Wants reports whether a message passes. What a message does not say cannot match, with two exceptions:
//
//	a decision of a leader that ended right after its write     has no reason, and passes Reasons
//	a stop of all scalers                                       concerns every namespace and group
func (f *Filter) Wants(d *Data) bool {
	if len(f.Kinds) > 0 && !slices.Contains(f.Kinds, d.Kind) {
		return false
	}
	everybody := d.Kind == Stop && d.Scaler == ""
	reason := len(f.Reasons) == 0 || matches(f.Reasons, d.Reason) || d.Kind == Decision && d.Reason == ""
	group := len(f.Groups) == 0 || slices.ContainsFunc(d.Groups, func(g Group) bool { return matches(f.Groups, g.Group) })
	namespace := len(f.Namespaces) == 0 || d.Namespace != "" && matches(f.Namespaces, d.Namespace)
	return reason && (everybody || group && namespace)
}

func matches(patterns []*regexp.Regexp, text string) bool {
	return slices.ContainsFunc(patterns, func(p *regexp.Regexp) bool { return p.MatchString(text) })
}
