package config

import (
	"bytes"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// Redacted is the configuration in force, defaults included, as YAML with every secret hidden: what the status page shows.
func (c *Config) Redacted() ([]byte, error) {
	var n yaml.Node
	if err := n.Encode(c); err != nil {
		return nil, fmt.Errorf("showing the configuration: %w", err)
	}
	prune(&n)
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(&n); err != nil {
		return nil, fmt.Errorf("showing the configuration: %w", err)
	}
	return b.Bytes(), nil
}

// prune removes what is not set, so that the reader sees what is in force and nothing else.
func prune(n *yaml.Node) {
	kept := n.Content[:0]
	step := 1
	if n.Kind == yaml.MappingNode {
		step = 2
	}
	for i := 0; i+step <= len(n.Content); i += step {
		value := n.Content[i+step-1]
		prune(value)
		if step == 1 || !unset(value) {
			kept = append(kept, n.Content[i:i+step]...)
		}
	}
	n.Content = kept
}

// unset reports whether an encoded value is one that no valid configuration holds: null, nothing, an empty text, or zero.
// A false switch is kept: it says that something is off.
func unset(n *yaml.Node) bool {
	switch n.Kind {
	case yaml.ScalarNode:
		return n.Value == "" || n.Value == "0" || n.Value == "0s" || n.ShortTag() == "!!null"
	default:
		return len(n.Content) == 0
	}
}
