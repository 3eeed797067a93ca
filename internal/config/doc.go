// Package config reads the configuration: one YAML file, strictly decoded.
//
// All mistakes are reported at once, each with the field's path, its line and its value. Nothing is silently
// defaulted: an absent field has the default that docs/configuration.md shows, a field that is present must make sense.
// Secrets come from the environment (${VAR}) or from files (passwordFile), and are never printed.
//
//	file --parse--> yaml.Node --decode--> Config --resolve files--> Config --validate--> Config or Problems
//	 ^--- Reloader: again on SIGHUP and when the file, or one it names, changes
//
// The package knows nothing of Kafka, Kubernetes or HTTP: internal/daemon turns a Config into the options of each room.
package config
