package alerts

import (
	"embed"
	"fmt"
	"io"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

//go:embed rules/*.yaml
var files embed.FS

// dashboardURL is the annotation dashboard_url, with GRAFANA for the address of Grafana and ALERT for the name of the alert. It is
// the dashboard of the alert's group, scaler, cluster, or of lagscaler itself, from half an hour before the alert began until now.
//
//go:embed dashboard_url.tmpl
var dashboardURL string

// fileOrder is the order of the files in an export: recording rules come first, because alerts use them.
var fileOrder = []string{"recording", "groups", "rebalances", "scaling", "lagscaler"}

// Format is the format of an export.
type Format string

// The formats of Export.
const (
	Prometheus     Format = "prometheus"     // a rule file
	PrometheusRule Format = "prometheusrule" // the custom resource of the Prometheus operator
)

// Formats are all formats.
var Formats = []Format{Prometheus, PrometheusRule}

// Options choose the content and the format of an export. The zero value exports every rule as a rule file.
type Options struct {
	Format       Format
	Disable      []string          // names of alerts to omit
	Labels       map[string]string // added to every alert
	Owners       []string          // names of labels that say whose a group or scaler is (owners of the configuration): its alerts get them
	Name         string            // of the custom resource; lagscaler if empty
	Namespace    string            // of the custom resource; none if empty
	ObjectLabels map[string]string // of the custom resource; the operator selects rules by them
	Grafana      string            // address of the Grafana that has the dashboards: every alert gets the annotation dashboard_url; none if empty
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

// Export writes the rules to w.
func Export(w io.Writer, o Options) error {
	if err := o.Check(); err != nil {
		return err
	}
	text := selectRules(o)
	if o.TimeScale > 0 && o.TimeScale != 1 {
		text = shortenDurations(text, o.TimeScale)
	}
	if o.Format == PrometheusRule {
		text = asResource(text, o)
	}
	if _, err := io.WriteString(w, text); err != nil {
		return fmt.Errorf("writing the rules: %w", err)
	}
	return nil
}

var labelName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

// Check returns an error that names the first wrong option.
func (o Options) Check() error {
	if o.Format != "" && !slices.Contains(Formats, o.Format) {
		return fmt.Errorf("format %q: must be prometheus or prometheusrule", o.Format)
	}
	if o.Grafana != "" {
		if u, err := url.Parse(o.Grafana); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || strings.ContainsAny(o.Grafana, "'{}") {
			return fmt.Errorf("grafana URL %q: want an address such as https://grafana.example", o.Grafana)
		}
	}
	if o.TimeScale < 0 {
		return fmt.Errorf("time scale %g: want a positive number", o.TimeScale)
	}
	for _, name := range o.Disable {
		if !slices.Contains(Names(), name) {
			return fmt.Errorf("there is no alert %q; the alerts are %s", name, strings.Join(Names(), ", "))
		}
	}
	for _, name := range o.Owners {
		if !labelName.MatchString(name) || name == "severity" {
			return fmt.Errorf("owner label %q: must be the name of a label, as in owners of the configuration", name)
		}
	}
	for name := range o.Labels {
		if !labelName.MatchString(name) {
			return fmt.Errorf("label %q: not a valid label name", name)
		}
		if name == "severity" {
			return fmt.Errorf("label severity: must not be set, every alert has its own")
		}
	}
	return nil
}

// rule is one rule of a file.
type rule struct {
	group string // the lines of the group before its first rule
	name  string
	alert bool
	text  string // all lines of the rule, with the comments above it
}

const (
	groupIndent = "  - "
	ruleIndent  = "      - "
)

// rules are the rules of all files, in order.
func rules() []rule {
	var all []rule
	for _, name := range fileOrder {
		text, err := files.ReadFile("rules/" + name + ".yaml")
		if err == nil { // the files are embedded; a test finds a file that fileOrder lacks
			all = append(all, split(string(text))...)
		}
	}
	return all
}

// split divides a file into its rules.
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

// selectRules joins the rules that are not disabled, with the labels of the options.
func selectRules(o Options) string {
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
			text = addOwners(addDashboard(addLabels(text, o.Labels), r.name, o.Grafana), o.Owners)
		}
		b.WriteString(text)
	}
	return b.String()
}

// addLabels adds labels to an alert.
func addLabels(text string, labels map[string]string) string {
	const at = "        labels:\n"
	var b strings.Builder
	b.WriteString(at)
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		fmt.Fprintf(&b, "          %s: %s\n", name, strconv.Quote(labels[name]))
	}
	return strings.Replace(text, at, b.String(), 1)
}

// addDashboard adds the annotation dashboard_url to an alert.
func addDashboard(text, alert, grafana string) string {
	if grafana == "" {
		return text
	}
	const at = "        annotations:\n"
	link := strings.NewReplacer("GRAFANA", strings.TrimRight(grafana, "/"), `"ALERT"`, strconv.Quote(alert)).Replace(strings.TrimSpace(dashboardURL))
	return strings.Replace(text, at, at+"          dashboard_url: '"+link+"'\n", 1)
}

var (
	durationFields = regexp.MustCompile(`(?m)^( +(?:for|keep_firing_for|interval): )(\d+[smhd])$`)
	rangeSelectors = regexp.MustCompile(`(\[)(\d+[smhd])\]`)
)

// shortenDurations divides every duration by scale: with 60, a range of one hour becomes one minute.
func shortenDurations(text string, scale float64) string {
	text = durationFields.ReplaceAllStringFunc(text, func(line string) string {
		m := durationFields.FindStringSubmatch(line)
		return m[1] + divide(m[2], scale)
	})
	return rangeSelectors.ReplaceAllStringFunc(text, func(selector string) string {
		return "[" + divide(strings.Trim(selector, "[]"), scale) + "]"
	})
}

// divide divides a Prometheus duration by scale. The result is in whole milliseconds, at least 1ms.
func divide(duration string, scale float64) string {
	unit := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour}
	last := len(duration) - 1
	n, err := strconv.Atoi(duration[:last])
	if err != nil {
		return duration // cannot happen: the pattern only matches numbers
	}
	d := time.Duration(float64(time.Duration(n)*unit[duration[last]]) / scale)
	return strconv.FormatInt(max(1, d.Milliseconds()), 10) + "ms"
}

// asResource puts the rules into a PrometheusRule.
func asResource(text string, o Options) string {
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
