package config

import (
	"reflect"
	"testing"

	"github.com/lagscaler/lagscaler/internal/frozen"
)

func TestFrozenKeys(t *testing.T) {
	frozen.Hold(t, "configuration", frozen.Keys(reflect.TypeOf(Default()), "yaml"))
}
