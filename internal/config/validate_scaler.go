package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// scalers checks every scaler like the schema of the custom resource does, and that its clusters are in this file.
func (v *validator) scalers(c *Config, clusters []string) {
	var names []string
	for i := range c.Scalers {
		s, at := &c.Scalers[i], fmt.Sprintf("scalers[%d]", i)
		v.require(at+".name", s.Name == "", "a name for the scaler")
		v.require(at+".namespace", s.Namespace == "", "the namespace of the target")
		full := s.Namespace + "/" + s.Name
		if s.Name != "" && slices.Contains(names, full) {
			v.addProblem(at+".name", "is also the name of scalers[%d]", slices.Index(names, full))
		}
		names = append(names, full)
		v.spec(at+".spec", &s.Spec, clusters)
	}
}

func (v *validator) spec(at string, s *ScalerSpec, clusters []string) {
	ref := at + ".scaleTargetRef"
	v.require(ref+".apiVersion", s.ScaleTargetRef.APIVersion == "", "such as apps/v1")
	v.require(ref+".kind", s.ScaleTargetRef.Kind == "", "such as Deployment")
	v.require(ref+".name", s.ScaleTargetRef.Name == "", "the target's name")
	for i, src := range s.Sources {
		if src.Cluster != "" && !v.anyName && !slices.Contains(clusters, src.Cluster) {
			v.addProblem(fmt.Sprintf("%s.sources[%d].cluster", at, i), "is not a cluster of this file; the clusters are %s", oneOf(clusters))
		}
	}
	v.slo(at+".slo", s.SLO)
	_, err := s.Scaler().Policy()
	for _, e := range split(err) {
		field, message, _ := strings.Cut(e.Error(), ": ")
		v.addProblem(at+"."+field, "%s", strings.TrimPrefix(message, strconv.Quote(v.fields[at+"."+field].value)+": "))
	}
}

// split returns the parts of a joined error.
func split(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	if err == nil {
		return nil
	}
	return []error{err}
}
