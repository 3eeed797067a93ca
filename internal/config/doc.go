// Package config reads the configuration: one YAML file, decoded strictly.
//
// All mistakes are reported at once, each with the path of the field, its line and its value. An invalid value never
// becomes a default: a field that is absent has the default of docs/configuration.md, and a field that is present must be valid. Secrets come
// from the environment (${VAR}) or from files (passwordFile), and are never printed.
//
//	file --parse--> yaml.Node --decode--> Config --resolve files--> Config --validate--> Config or Problems
//	 ^--- Reloader: again on SIGHUP and when the file, or a file that it names, changes
//
// For example, this file has two mistakes:
//
//	clusters: [{name: main, brokers: [kafka-0]}]
//	interval: 10
//
//	line 1: clusters[0].brokers[0]: "kafka-0": must be HOST:PORT
//	line 2: interval: "10": must be a duration such as 500ms, 30s or 1h30m
//
// The package has more than 1,500 lines, because the file has about 100 fields. It still has one task: a field is declared,
// decoded and validated in the same package, so that its documentation, its default and its error message agree.
//
//	config.go               the file, and its clusters; docs/configuration.md is generated from the comments of all fields
//	groups.go, scaler.go    a group's entry, a workload's entry
//	metrics.go, owners.go   and so on: one section of the file each, with its rules
//	values.go, defaults.go  types whose UnmarshalText validates the text (durations, patterns, levels), and defaults
//	secret.go               a text that no log, page or message prints
//	load.go, resource.go    reads a configuration from a file or makes one from addresses; reads a scaler from a separate file
//	decode.go               YAML to structs, with the line of every field
//	validate*.go            rules that no type can check
//	problem.go              the mistakes
//	rules.go, shown.go      what a valid configuration says about a group, and its text for the status page
//	clusters.go             clusters that have files of their own, or were discovered: each is refused alone
//	reload.go               follows all of these files
//
// The package makes no connection and imports no client of Kafka or Kubernetes and no HTTP server. Of our own packages it
// imports only pure ones, for the types, defaults and validation of thresholds and policies. internal/daemon turns a Config
// into the options of every package.
package config
