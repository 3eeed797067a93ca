package main

import (
	"reflect"

	"github.com/lagscaler/lagscaler/internal/config"
)

// fixed are the parts of a configuration that hold for the life of the process.
var fixed = []struct {
	name string
	of   func(*config.Config) any // a pointer to the part
}{
	{"listen", func(c *config.Config) any { return &c.Listen }},
	{"webConfigFile", func(c *config.Config) any { return &c.WebConfigFile }},
	{"interval", func(c *config.Config) any { return &c.Interval }},
	{"sampleInterval", func(c *config.Config) any { return &c.SampleInterval }},
	{"metrics.compat", func(c *config.Config) any { return &c.Metrics.Compat }},
	{"record", func(c *config.Config) any { return &c.Record }},
	{"memory", func(c *config.Config) any { return &c.Memory }},
	{"log.format", func(c *config.Config) any { return &c.Log.Format }},
	{"kubernetes", func(c *config.Config) any { return &c.Kubernetes }},
}

// keep copies what cannot change from the old configuration into the new one, and names what had changed.
func keep(next, old *config.Config) []string {
	var kept []string
	for _, f := range fixed {
		to, from := reflect.ValueOf(f.of(next)).Elem(), reflect.ValueOf(f.of(old)).Elem()
		if !reflect.DeepEqual(to.Interface(), from.Interface()) {
			kept = append(kept, f.name)
			to.Set(from)
		}
	}
	return kept
}
