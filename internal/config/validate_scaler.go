package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// scalers checks each scaler as the custom resource's schema would, and that it names clusters of this file.
func (v *validator) scalers(c *Config, clusters []string) {
	var names []string
	for i := range c.Scalers {
		s, at := &c.Scalers[i], fmt.Sprintf("scalers[%d]", i)
		v.need(at+".name", s.Name == "", "a name for the scaler")
		v.need(at+".namespace", s.Namespace == "", "the namespace of the target")
		full := s.Namespace + "/" + s.Name
		if s.Name != "" && slices.Contains(names, full) {
			v.add(at+".name", "is the name of scalers[%d] too", slices.Index(names, full))
		}
		names = append(names, full)
		v.spec(at+".spec", &s.Spec, clusters)
	}
}

func (v *validator) spec(at string, s *ScalerSpec, clusters []string) {
	ref := at + ".scaleTargetRef"
	v.need(ref+".apiVersion", s.ScaleTargetRef.APIVersion == "", "such as apps/v1")
	v.need(ref+".kind", s.ScaleTargetRef.Kind == "", "such as Deployment")
	v.need(ref+".name", s.ScaleTargetRef.Name == "", "the target's name")
	for i, src := range s.Sources {
		if src.Cluster != "" && !slices.Contains(clusters, src.Cluster) {
			v.add(fmt.Sprintf("%s.sources[%d].cluster", at, i), "is no cluster of this file; there are %s", oneOf(clusters))
		}
	}
	v.slo(at+".slo", s.SLO)
	_, err := s.Scaler().Policy()
	for _, e := range each(err) {
		field, message, _ := strings.Cut(e.Error(), ": ")
		v.add(at+"."+field, "%s", strings.TrimPrefix(message, strconv.Quote(v.places[at+"."+field].value)+": "))
	}
}

// each takes a joined error apart.
func each(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	if err == nil {
		return nil
	}
	return []error{err}
}
