// Package traces holds recorded traffic, under the licences that README.md names.
package traces

import "embed"

// Files are the traces as CSV: t_s,count.
//
//go:embed *.csv
var Files embed.FS
