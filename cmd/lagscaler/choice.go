package main

import (
	"fmt"
	"slices"
	"strings"
)

// choice is a flag with a closed set of values.
type choice struct {
	value string
	of    []string
}

// String is the value.
func (c *choice) String() string { return c.value }

// Set takes one of the values.
func (c *choice) Set(s string) error {
	if !slices.Contains(c.of, s) {
		return fmt.Errorf("want one of %s", strings.Join(c.of, ", "))
	}
	c.value = s
	return nil
}

// Type names the kind of flag in the help.
func (c *choice) Type() string { return strings.Join(c.of, "|") }
