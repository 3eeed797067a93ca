// Package fixedseed gives the properties of a test package the same seed each time, so that a run of the tests says the same as the one
// before. A test package with properties imports it for that:
//
//	import _ "github.com/lagscaler/lagscaler/internal/fixedseed"
//
// make properties tries other seeds; -rapid.seed repeats one that failed.
package fixedseed

import (
	"flag"
	"os"

	_ "pgregory.net/rapid" // has the flag
)

// variable, when it is "random", leaves the seed to rapid.
const variable = "LAGSCALER_SEED"

func init() {
	if os.Getenv(variable) == "random" {
		return
	}
	if err := flag.Set("rapid.seed", "1"); err != nil {
		panic(err) //nolint:forbidigo // an init function returns no error
	}
}
