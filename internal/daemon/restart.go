package daemon

import (
	"reflect"

	"github.com/lagscaler/lagscaler/internal/config"
)

// restartOnly are the parts of a configuration that change only with a restart.
var restartOnly = []struct {
	name string
	of   func(*config.Config) any // a pointer to the part
}{
	{"listen", func(c *config.Config) any { return &c.Listen }},
	{"healthListen", func(c *config.Config) any { return &c.HealthListen }},
	{"webConfigFile", func(c *config.Config) any { return &c.WebConfigFile }},
	{"externalScaler", func(c *config.Config) any { return &c.ExternalScaler }},
	{"customMetrics", func(c *config.Config) any { return &c.CustomMetrics }},
	{"interval", func(c *config.Config) any { return &c.Interval }},
	{"sampleInterval", func(c *config.Config) any { return &c.SampleInterval }},
	{"metrics.compat", func(c *config.Config) any { return &c.Metrics.Compat }},
	{"otlp", func(c *config.Config) any { return &c.OTLP }},
	{"history", func(c *config.Config) any { return &c.History }},
	{"record", func(c *config.Config) any { return &c.Record }},
	{"audit", func(c *config.Config) any { return &c.Audit }},
	{"memory", func(c *config.Config) any { return &c.Memory }},
	{"log.format", func(c *config.Config) any { return &c.Log.Format }},
	{"kubernetes", func(c *config.Config) any { return &c.Kubernetes }},
}

// keepRestartOnly copies these parts from the old configuration into the new one, and returns the names of those that
// differed.
func keepRestartOnly(next, old *config.Config) []string {
	var kept []string
	for _, part := range restartOnly {
		to, from := reflect.ValueOf(part.of(next)).Elem(), reflect.ValueOf(part.of(old)).Elem()
		if !reflect.DeepEqual(to.Interface(), from.Interface()) {
			kept = append(kept, part.name)
			to.Set(from)
		}
	}
	return kept
}
