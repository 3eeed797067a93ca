package keda

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Cluster is a Kafka cluster of the configuration.
type Cluster struct {
	Name    string
	Brokers []string
}

// Convert converts every ScaledObject of a YAML stream, and of the lists in it, to a KafkaScaler in mode advise. Comments
// above each KafkaScaler list the settings that have no equivalent, and comments at the top name the objects that are not
// converted.
//
// A trigger names brokers, but a KafkaScaler names a cluster of the configuration. Convert uses the known cluster that has
// a broker in common with the trigger. If there is none it makes up a name, and a comment shows the configuration to add.
//
// Beside a KafkaScaler it writes who acts by its number, as the options say: see [Way].
//
// It returns an error if there is nothing to convert, or if anything is broken: a document, a ScaledObject that KEDA would
// refuse too, or a trigger without its brokers or its group. The error has everything that is wrong, each with its document.
func Convert(text []byte, known []Cluster, o Options) (string, error) {
	in := read(text)
	clusters := newClusters(known)
	var done []conversion
	var left []string
	seen := map[string]string{}
	for _, one := range in.objects {
		if first, twice := seen[one.name()]; twice {
			in.errs = append(in.errs, fmt.Errorf("%s: ScaledObject %s is also in %s", one.place, one.name(), first))
			continue
		}
		seen[one.name()] = one.place
		c := conversion{object: one, clusters: clusters, sources: map[[2]string]int{}}
		switch c.convert(o); {
		case len(c.errs) > 0:
			for _, err := range c.errs {
				in.errs = append(in.errs, fmt.Errorf("%s: ScaledObject %s: %w", one.place, one.name(), err))
			}
		case len(c.out.Spec.Sources) == 0:
			left = append(left, fmt.Sprintf("ScaledObject %s has no kafka trigger to convert: keep KEDA for it.", one.name()))
		default:
			done = append(done, c)
		}
	}
	if len(in.errs) > 0 && len(in.objects) == 0 {
		in.errs = append([]error{in.nothing()}, in.errs...)
	}
	if err := errors.Join(in.errs...); err != nil {
		return "", err
	}
	if len(done) == 0 {
		return "", errors.Join(append(lines(left), in.nothing())...)
	}
	if others := in.otherKinds(); others != "" {
		left = append(left, fmt.Sprintf("Not converted: %s.", others))
	}
	return write(done, left)
}

func lines(texts []string) (errs []error) {
	for _, t := range texts {
		errs = append(errs, errors.New(t))
	}
	return errs
}

// write prints the KafkaScalers under their comments.
func write(done []conversion, top []string) (string, error) {
	var out bytes.Buffer
	comment := func(text string) { fmt.Fprintf(&out, "# %s\n", oneLine(text)) }
	for _, t := range top {
		comment(t)
	}
	for i, c := range done {
		if i > 0 {
			out.WriteString("---\n")
		}
		for _, n := range c.notes {
			comment(n)
		}
		enc := yaml.NewEncoder(&out)
		enc.SetIndent(2)
		err := enc.Encode(c.out)
		if c.beside != nil {
			err = errors.Join(err, enc.Encode(c.beside))
		}
		if err := errors.Join(err, enc.Close()); err != nil {
			return "", err
		}
	}
	return out.String(), nil
}

// oneLine keeps a value of the input from ending the comment in which it is printed.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == '\u0085' || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, s)
}

// conversion is the conversion of one ScaledObject.
type conversion struct {
	object
	clusters *clusters
	sources  map[[2]string]int // cluster and group -> index in out.Spec.Sources
	out      kafkaScaler
	beside   *yaml.Node // who acts by the number of the KafkaScaler; nil: lagscaler
	notes    []string   // comments above the KafkaScaler
	errs     []error
}

func (c *conversion) note(format string, args ...any) {
	if n := fmt.Sprintf(format, args...); !slices.Contains(c.notes, n) {
		c.notes = append(c.notes, n)
	}
}

func (c *conversion) fail(format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf(format, args...))
}

func (c *conversion) convert(o Options) {
	in := c.in
	c.note("Converted from ScaledObject %s. In mode advise it writes nothing; read docs/migrating.md before you set mode act.", in.Metadata.Name)
	c.out = kafkaScaler{APIVersion: "lagscaler.io/v1alpha1", Kind: "KafkaScaler", Metadata: metadata{Name: in.Metadata.Name, Namespace: in.Metadata.Namespace}}
	s := &c.out.Spec
	s.Mode = "advise"
	s.ScaleTargetRef = target{
		textOr(in.Spec.ScaleTargetRef.APIVersion, "apps/v1"), textOr(in.Spec.ScaleTargetRef.Kind, "Deployment"), in.Spec.ScaleTargetRef.Name,
	}
	if in.Metadata.Name == "" {
		c.fail("metadata.name is missing")
	}
	if s.ScaleTargetRef.Name == "" {
		c.fail("spec.scaleTargetRef.name is missing")
	}
	for i, t := range in.Spec.Triggers {
		if o.To == ToExternal && !slices.Contains(kafkaTypes, t.Type) || o.To == ToHPA && isResource(t) {
			continue // it stays in the ScaledObject, or the HPA has it
		}
		c.trigger(fmt.Sprintf("spec.triggers[%d]", i), t)
	}
	if len(s.Sources) == 0 {
		return
	}
	c.note("A ScaledObject does not say how long a record takes: add your estimate to each source, such as processingTime: 20ms. Without it the condition Ready is False (CapacityUnknown) and nothing is scaled down, until a consumer was seen to be busy.")
	c.replicaLimits()
	c.scalingBehaviour()
	c.annotations()
	c.leftOut()
	c.beside = c.second(o)
	for _, err := range c.out.Spec.check() {
		if len(c.errs) == 0 || !strings.Contains(err.Error(), "sources[") { // the trigger's error says it already
			c.errs = append(c.errs, err)
		}
	}
}
