// Package traces opens recorded traffic for the simulator: the traces that are shipped, whose licences are in README.md, or a
// file of the user.
package traces

import (
	"embed"
	"fmt"
	"io"
	"os"
	"strings"
)

// Files are the traces as CSV: t_s,count.
//
//go:embed *.csv
var Files embed.FS

// Names are the names of the shipped traces.
func Names() []string {
	entries, err := Files.ReadDir(".")
	if err != nil {
		return nil // embedded: cannot be
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".csv"))
	}
	return names
}

// Open opens a file, or a shipped trace by its name.
func Open(name string) (io.ReadCloser, error) {
	file, err := os.Open(name)
	if err == nil {
		return file, nil
	}
	shipped, shippedErr := Files.Open(name + ".csv")
	if shippedErr != nil {
		return nil, fmt.Errorf("%s: %w; shipped are %s", name, err, strings.Join(Names(), ", "))
	}
	return shipped, nil
}
