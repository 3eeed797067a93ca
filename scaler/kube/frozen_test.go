package kube

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"testing"

	"github.com/lagscaler/lagscaler/internal/frozen"
	"github.com/lagscaler/lagscaler/scaler/kube/v1alpha1"
)

func TestFrozenNames(t *testing.T) {
	frozen.Hold(t, "kafkascaler", frozen.Keys(reflect.TypeFor[v1alpha1.KafkaScaler](), "json"))
	frozen.Hold(t, "annotations", annotations(t))
}

// annotations are the names of annotations and labels in the package's text.
func annotations(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	files = append(files, "v1alpha1/status.go", "election/marks.go")
	var names []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`= "(lagscaler\.io/[a-z-]+)"`).FindAllSubmatch(text, -1) {
			names = append(names, string(m[1]))
		}
	}
	return names
}
