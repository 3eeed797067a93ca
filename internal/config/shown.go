package config

import (
	"bytes"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// Redacted is the configuration in force for the status page: YAML with all defaults, without what is not set. It prints no
// secret, because a [Secret] encodes itself as <secret>.
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

// prune removes fields that are not set, so that the page only shows settings that are in force.
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

// unset reports whether an encoded value means "not set": null, an empty text, list or mapping, or zero. The value false is
// kept, because it says that something is off.
func unset(n *yaml.Node) bool {
	switch n.Kind {
	case yaml.ScalarNode:
		return n.Value == "" || n.Value == "0" || n.Value == "0s" || n.ShortTag() == "!!null"
	default:
		return len(n.Content) == 0
	}
}
