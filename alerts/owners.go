package alerts

import (
	_ "embed" // of ownerJoin
	"regexp"
	"strings"
)

// ownerJoin is the expression of an alert whose series get the labels that say whose they are. A series without an owner stays as it
// is: the part after `or` has those that the join loses. topk keeps one owner, when the old and the new leader say different ones.
//
//go:embed owner_join.tmpl
var ownerJoin string

// joins are the metrics with the owners, and the labels that they have in common with alerts. An alert is joined by the first whose
// word is in its annotations.
var joins = []struct{ word, on, info string }{
	{"$labels.group ", "kafka_cluster, group", "lagscaler_group_owner_info"},
	{"$labels.target ", "target_namespace, target_kind, target", "lagscaler_scaler_owner_info"},
}

var expression = regexp.MustCompile(`(?m)^        expr: (?:\|\n((?:          .*\n)+)|(.*)\n)`)

// addOwners joins an alert of a group or a scaler with the metric that says whose it is.
func addOwners(text string, labels []string) string {
	if len(labels) == 0 {
		return text
	}
	for _, j := range joins {
		if !strings.Contains(text, j.word) {
			continue
		}
		return expression.ReplaceAllStringFunc(text, func(field string) string {
			m := expression.FindStringSubmatch(field)
			own := strings.TrimRight(m[1], "\n")
			if m[2] != "" {
				own = "          " + m[2]
			}
			const at = "          "
			outer := strings.NewReplacer("@ON@", j.on, "@LABELS@", strings.Join(labels, ", "), "@INFO@", j.info).Replace(strings.TrimRight(ownerJoin, "\n"))
			var b strings.Builder
			b.WriteString("        expr: |\n")
			for line := range strings.Lines(outer) {
				line = strings.TrimRight(line, "\n")
				if line == "@EXPR@" {
					b.WriteString("  " + strings.ReplaceAll(own, "\n", "\n  ") + "\n")
					continue
				}
				b.WriteString(at + line + "\n")
			}
			return b.String()
		})
	}
	return text
}
