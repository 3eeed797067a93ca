package kube

import (
	"bytes"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// startUpAnnotation on a pod says how long it takes to become Ready once it has
// a node, as Go writes durations.
const startUpAnnotation = "e2e.lagscaler.io/start-up"

// delayReady makes the stage pod-ready obey startUpAnnotation. Without the
// annotation a pod is Ready at once.
func delayReady(stages []byte) ([]byte, error) {
	var out bytes.Buffer
	found := false
	for document := range bytes.SplitSeq(stages, []byte("---\n")) {
		var stage unstructured.Unstructured
		if err := yaml.Unmarshal(document, &stage.Object); err != nil {
			return nil, err
		}
		if stage.GetName() == "pod-ready" {
			found = true
			err := unstructured.SetNestedMap(stage.Object, map[string]any{
				"durationMilliseconds": int64(0),
				"durationFrom":         map[string]any{"expressionFrom": fmt.Sprintf(".metadata.annotations[%q]", startUpAnnotation)},
			}, "spec", "delay")
			if err != nil {
				return nil, err
			}
		}
		if stage.Object == nil { // before the first separator
			continue
		}
		document, err := yaml.Marshal(stage.Object)
		if err != nil {
			return nil, err
		}
		out.WriteString("---\n")
		out.Write(document)
	}
	if !found {
		return nil, errors.New("no stage pod-ready")
	}
	return out.Bytes(), nil
}
