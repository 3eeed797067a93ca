package api

import (
	"strings"

	"github.com/lagscaler/lagscaler/internal/engine"
)

// Labels say whose something is: values by the names that `owners` of the configuration lists.
type Labels map[string]string

// String is the labels in the order of their names, such as team=shop, tier=1.
func (l Labels) String() string { return strings.Join(engine.LabelPairs(l), ", ") }
