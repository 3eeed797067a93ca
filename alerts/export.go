package alerts

import (
	"embed"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

//go:embed rules/*.yaml
var files embed.FS

// order is the order of the files in an export: what is recorded first.
var order = []string{"recording", "groups", "rebalances", "scaling", "lagscaler"}

// Format is the kind of file that Export writes.
type Format string

// The formats of Export.
const (
	Prometheus     Format = "prometheus"     // a rule file
	PrometheusRule Format = "prometheusrule" // the custom resource of the Prometheus operator
)

// Formats are all of them.
var Formats = []Format{Prometheus, PrometheusRule}

// Options choose what Export writes. The zero value is every rule, as a rule file.
type Options struct {
	Format       Format
	Disable      []string          // names of alerts to leave out
	Labels       map[string]string // added to every alert
	Name         string            // of the custom resource; lagscaler when empty
	Namespace    string            // of the custom resource; none when empty
	ObjectLabels map[string]string // of the custom resource: what the operator selects rules by
	TimeScale    float64           // divides every duration, for tests; 0 and 1 change nothing
}

// Names are the names of all alerts, sorted.
func Names() []string {
	var names []string
	for _, r := range rules() {
		if r.alert && !slices.Contains(names, r.name) {
			names = append(names, r.name)
		}
	}
	slices.Sort(names)
	return names
}

// Export writes the rules.
func Export(w io.Writer, o Options) error {
	if err := o.Check(); err != nil {
		return err
	}
	text := assemble(o)
	if o.TimeScale > 0 && o.TimeScale != 1 {
		text = hurry(text, o.TimeScale)
	}
	if o.Format == PrometheusRule {
		text = resource(text, o)
	}
	if _, err := io.WriteString(w, text); err != nil {
		return fmt.Errorf("writing the rules: %w", err)
	}
	return nil
}

var labelName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

// Check reports what of the options is wrong.
func (o Options) Check() error {
	if o.Format != "" && !slices.Contains(Formats, o.Format) {
		return fmt.Errorf("format %q: want prometheus or prometheusrule", o.Format)
	}
	if o.TimeScale < 0 {
		return fmt.Errorf("time scale %g: want a positive number", o.TimeScale)
	}
	for _, name := range o.Disable {
		if !slices.Contains(Names(), name) {
			return fmt.Errorf("there is no alert %q; the alerts are %s", name, strings.Join(Names(), ", "))
		}
	}
	for name := range o.Labels {
		if !labelName.MatchString(name) {
			return fmt.Errorf("label %q: not a label name", name)
		}
		if name == "severity" {
			return fmt.Errorf("label severity: every alert has its own")
		}
	}
	return nil
}

// rule is one rule, with the comments above it, as it stands in its file.
type rule struct {
	group string // the lines that open its group
	name  string
	alert bool
	text  string
}

const (
	groupIndent = "  - "
	ruleIndent  = "      - "
)

// rules are the rules of all files, in order.
func rules() []rule {
	var all []rule
	for _, name := range order {
		text, err := files.ReadFile("rules/" + name + ".yaml")
		if err == nil { // embedded: a file that is missing from order is found by a test
			all = append(all, split(string(text))...)
		}
	}
	return all
}

// split cuts a file into its rules.
func split(text string) []rule {
	var all []rule
	var group, comments strings.Builder
	for line := range strings.Lines(text) {
		switch {
		case strings.HasPrefix(line, groupIndent):
			group.Reset()
			comments.Reset()
			group.WriteString(line)
		case strings.HasPrefix(line, ruleIndent):
			kind, name, _ := strings.Cut(strings.TrimSpace(line[len(ruleIndent):]), ": ")
			all = append(all, rule{group: group.String(), name: name, alert: kind == "alert", text: comments.String() + line})
			comments.Reset()
		case strings.HasPrefix(line, "      #"):
			comments.WriteString(line)
		case strings.HasPrefix(line, "        "):
			all[len(all)-1].text += line
		case strings.HasPrefix(line, "    "):
			group.WriteString(line)
		}
	}
	return all
}

// assemble joins the rules that are left into one file.
func assemble(o Options) string {
	var b strings.Builder
	b.WriteString("groups:\n")
	group := ""
	for _, r := range rules() {
		if r.alert && slices.Contains(o.Disable, r.name) {
			continue
		}
		if r.group != group {
			group = r.group
			b.WriteString(group)
		} else {
			b.WriteString("\n")
		}
		text := r.text
		if r.alert {
			text = label(text, o.Labels)
		}
		b.WriteString(text)
	}
	return b.String()
}

// label adds labels to an alert.
func label(text string, labels map[string]string) string {
	const at = "        labels:\n"
	var b strings.Builder
	b.WriteString(at)
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		fmt.Fprintf(&b, "          %s: %s\n", name, strconv.Quote(labels[name]))
	}
	return strings.Replace(text, at, b.String(), 1)
}

var (
	clauses = regexp.MustCompile(`(?m)^( +(?:for|keep_firing_for|interval): )(\d+[smhd])$`)
	windows = regexp.MustCompile(`(\[)(\d+[smhd])\]`)
)

// hurry divides every duration by scale: a rule that looks at an hour then looks at a minute.
func hurry(text string, scale float64) string {
	text = clauses.ReplaceAllStringFunc(text, func(line string) string {
		m := clauses.FindStringSubmatch(line)
		return m[1] + shorter(m[2], scale)
	})
	return windows.ReplaceAllStringFunc(text, func(window string) string {
		return "[" + shorter(strings.Trim(window, "[]"), scale) + "]"
	})
}

// shorter is a Prometheus duration divided by scale, in whole milliseconds, at least one.
func shorter(duration string, scale float64) string {
	unit := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour}
	last := len(duration) - 1
	n, err := strconv.Atoi(duration[:last])
	if err != nil {
		return duration // the pattern only lets numbers through
	}
	d := time.Duration(float64(time.Duration(n)*unit[duration[last]]) / scale)
	return strconv.FormatInt(max(1, d.Milliseconds()), 10) + "ms"
}

// resource wraps a rule file as a PrometheusRule.
func resource(text string, o Options) string {
	var b strings.Builder
	b.WriteString("apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata:\n")
	name := o.Name
	if name == "" {
		name = "lagscaler"
	}
	fmt.Fprintf(&b, "  name: %s\n", strconv.Quote(name))
	if o.Namespace != "" {
		fmt.Fprintf(&b, "  namespace: %s\n", strconv.Quote(o.Namespace))
	}
	if len(o.ObjectLabels) > 0 {
		b.WriteString("  labels:\n")
		for _, name := range slices.Sorted(maps.Keys(o.ObjectLabels)) {
			fmt.Fprintf(&b, "    %s: %s\n", strconv.Quote(name), strconv.Quote(o.ObjectLabels[name]))
		}
	}
	b.WriteString("spec:\n")
	for line := range strings.Lines(text) {
		if line != "\n" {
			b.WriteString("  ")
		}
		b.WriteString(line)
	}
	return b.String()
}
