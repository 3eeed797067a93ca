package propose

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lagscaler/lagscaler/scaler/kube"
)

// Scalers are the KafkaScalers for the claims, as YAML: first those that are sure, then comments about the other groups.
func Scalers(claims []Claim, inv kube.Inventory, at time.Time) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# KafkaScalers, written by lagscaler init from what it read at %s.\n", at.UTC().Format("2006-01-02 15:04 UTC"))
	b.WriteString("# Each is in mode advise: nothing is scaled. Before you apply this file, read the reason above each of them.\n")
	taken := map[string]bool{}
	for i := range claims {
		if claims[i].Sure() {
			b.WriteString("---\n" + comment(reasons(&claims[i], inv)...) + scaler(&claims[i], inv, taken))
		}
	}
	proposed := map[int]string{} // by workload: the group of the KafkaScaler in a comment
	for i := range claims {
		c := &claims[i]
		if c.Sure() {
			continue
		}
		fmt.Fprintf(&b, "\n%s", comment(reasons(c, inv)...))
		switch first, written := proposed[c.Workload]; {
		case c.Workload < 0 || inv.Workloads[c.Workload].Scaler != "":
		case written:
			b.WriteString(comment("If you know that this workload runs the group, too, add this source to the KafkaScaler for the group " + visible(first) + ":"))
			b.WriteString(comment(strings.Split(strings.TrimSuffix(source(c), "\n"), "\n")...))
		default:
			proposed[c.Workload] = c.Group
			b.WriteString(comment("If you know that this workload runs the group, remove the # from these lines:", "---"))
			b.WriteString(comment(strings.Split(strings.TrimSuffix(scaler(c, inv, taken), "\n"), "\n")...))
		}
	}
	return b.String()
}

// reasons say what is known about the workload of a group, one line each.
func reasons(c *Claim, inv kube.Inventory) []string {
	lines := []string{fmt.Sprintf("Group %s of cluster %s", visible(c.Group), visible(c.Cluster))}
	if c.Why != "" {
		lines = append(lines, "Evidence: "+visible(c.Why)+".")
	}
	if c.Doubt != "" {
		lines = append(lines, "Not sure: "+visible(c.Doubt)+".")
	}
	if c.Workload >= 0 {
		if other := inv.Workloads[c.Workload].Other; other != "" {
			lines = append(lines, other+" scales it now. In mode advise the decisions of both are shown. Remove it before you change to act.")
		}
	}
	return lines
}

// scaler is one KafkaScaler. taken are the names that are in use.
func scaler(c *Claim, inv kube.Inventory, taken map[string]bool) string {
	w := &inv.Workloads[c.Workload]
	name := w.Ref.Name
	if taken[w.Ref.Namespace+"/"+name] {
		name += "-" + strings.ToLower(w.Ref.Kind)
	}
	taken[w.Ref.Namespace+"/"+name] = true
	var b strings.Builder
	fmt.Fprintf(&b, "apiVersion: lagscaler.io/v1alpha1\nkind: KafkaScaler\nmetadata:\n  name: %s\n  namespace: %s\nspec:\n  mode: advise\n", quoted(name), quoted(w.Ref.Namespace))
	fmt.Fprintf(&b, "  scaleTargetRef:\n    kind: %s\n    name: %s\n", w.Ref.Kind, quoted(w.Ref.Name))
	b.WriteString("  sources:\n" + source(c))
	if c.Partitions > 0 {
		fmt.Fprintf(&b, "  # maxReplicas: %d # the group reads %d partitions: more consumers would have none\n", c.Partitions, c.Partitions)
	}
	return b.String()
}

// source is the entry of sources for the group.
func source(c *Claim) string {
	return fmt.Sprintf("  - cluster: %s\n    group: %s\n", quoted(c.Cluster), quoted(c.Group)) +
		"    # processingTime: 20ms # your estimate for one record. Without it, the scaler does not scale down until it has seen busy consumers\n"
}

func comment(lines ...string) string {
	var b strings.Builder
	for _, line := range lines {
		b.WriteString("# " + line + "\n")
	}
	return b.String()
}

// visible is a text from Kafka in a comment: what is no printable character would end the comment.
func visible(text string) string {
	q := strconv.Quote(text)
	if q = q[1 : len(q)-1]; strings.ReplaceAll(q, `\"`, `"`) == text {
		return text
	}
	return q
}

// plain is what needs no quotes in YAML and is no number, truth value or null.
var plain = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9._/-]*(:[0-9]+)?$`)

// words are plain texts that YAML reads as something else than a string.
var words = []string{"true", "false", "yes", "no", "on", "off", "null", "y", "n"}

// quoted is a text as a YAML string.
func quoted(text string) string {
	if plain.MatchString(text) && !slices.Contains(words, strings.ToLower(text)) {
		return text
	}
	return strconv.QuoteToASCII(text)
}
