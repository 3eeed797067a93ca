package propose

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/lagscaler/lagscaler/internal/config"
)

// Values are values of the chart: the clusters with their settings, and mode advise. namespaces are those to watch; none means
// all. What is secret is named and not written: see [config.Cluster.Portable].
func Values(clusters []Cluster, namespaces []string) (string, error) {
	var v values
	for _, c := range clusters {
		if err := v.add(c); err != nil {
			return "", err
		}
	}
	var b strings.Builder
	b.WriteString("# Values of the chart, written by lagscaler init.\n")
	b.WriteString("# In mode advise lagscaler decides and shows its decisions, and has no permission to change replicas.\nmode: advise\n")
	list(&b, "watchNamespaces", namespaces)
	b.WriteString("# image: {repository: REGISTRY/lagscaler} # your registry: no image is published\n")
	if v.create.Len() > 0 {
		b.WriteString("# Secrets that the pods read. Create them before you install the chart:\n" + v.create.String())
	}
	list(&b, "secrets", v.secrets)
	list(&b, "secretEnv", v.env)
	b.WriteString("config:\n  clusters:\n" + v.clusters.String())
	return b.String(), nil
}

// list is a value that is a list of texts; without one it is left out.
func list(b *strings.Builder, key string, texts []string) {
	if len(texts) == 0 {
		return
	}
	fmt.Fprintf(b, "%s:\n", key)
	for _, text := range texts {
		fmt.Fprintf(b, "- %s\n", quoted(text))
	}
}

// values are the parts of the file that depend on the clusters.
type values struct {
	secrets, env     []string
	create, clusters strings.Builder
}

func (v *values) add(c Cluster) error {
	secret := v.secretOf(c.Name)
	p, err := c.Settings.Portable(secret, variableOf(secret))
	if err != nil {
		return err
	}
	fmt.Fprintf(&v.clusters, "  - name: %s\n    # Bootstrap addresses as they were given here. The pods of lagscaler must reach them, and all brokers.\n    brokers:\n", quoted(c.Name))
	for _, address := range c.Brokers {
		fmt.Fprintf(&v.clusters, "    - %s\n", quoted(address))
	}
	for _, note := range p.Notes {
		v.clusters.WriteString("    " + comment(visible(note)))
	}
	for line := range strings.Lines(p.Text) {
		v.clusters.WriteString("    " + line)
	}
	for _, name := range p.Mounted {
		if !slices.Contains(v.secrets, name) {
			v.secrets = append(v.secrets, name)
		}
	}
	if len(p.Keys) > 0 {
		if !slices.Contains(v.secrets, secret) {
			v.secrets = append(v.secrets, secret)
		}
		v.command(secret, p.Keys)
	}
	return nil
}

// command is what creates the Secret, as a comment.
func (v *values) command(secret string, keys []config.Key) {
	const namespace = "lagscaler" // as in the command that init prints for the chart
	if v.create.Len() == 0 {
		v.create.WriteString(comment("  kubectl create namespace " + namespace))
	}
	line, missing := fmt.Sprintf("  kubectl create secret generic %s --namespace %s", secret, namespace), []string{}
	for _, k := range keys {
		from := k.File
		if from == "" {
			from = "FILE-WITH-" + k.Name
			what := from + ": a file that holds only " + strings.TrimSuffix(k.Field, "File")
			if k.Env {
				what += ", without a line break at its end"
			}
			missing = append(missing, what)
		}
		if k.Env && !slices.Contains(v.env, secret) {
			v.env = append(v.env, secret)
		}
		line += fmt.Sprintf(" --from-file=%s=%s", k.Name, shell(from))
	}
	if strings.ContainsFunc(line, func(r rune) bool { return !strconv.IsPrint(r) }) {
		line = visible(line) // the name of a file would end the comment
	}
	v.create.WriteString(comment(line))
	for _, one := range missing {
		v.create.WriteString(comment("  " + one))
	}
}

// notInName is what the name of a Secret cannot have.
var notInName = regexp.MustCompile(`[^a-z0-9]+`)

// secretOf is the name of the Secret for a cluster, which no other one has.
func (v *values) secretOf(cluster string) string {
	name := strings.TrimSuffix("kafka-"+strings.Trim(notInName.ReplaceAllString(strings.ToLower(cluster), "-"), "-"), "-")
	for n := 2; slices.Contains(v.secrets, name); n++ {
		name = fmt.Sprintf("%s-%d", strings.TrimSuffix(name, fmt.Sprintf("-%d", n-1)), n)
	}
	return name
}

// variableOf begins the names of environment variables of a Secret.
func variableOf(secret string) string {
	return strings.ToUpper(strings.ReplaceAll(secret, "-", "_"))
}

// harmless is a text that a shell does not change.
var harmless = regexp.MustCompile(`^[-+._/:@a-zA-Z0-9]+$`)

// shell is a text as one word of a command line.
func shell(text string) string {
	if harmless.MatchString(text) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
