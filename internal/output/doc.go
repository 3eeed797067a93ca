// Package output is how commands print what they read: tables and terminal screens for people, JSON and YAML for programs.
//
//	table.go      columns, names that break no table, numbers that may be unknown
//	lag.go        the lag of groups, in every format
//	document.go   JSON, and YAML with the same names in the same order
//	screen.go     a terminal: one reading in the place of the last, and how far a long task is
//
// What is not known is "-", never 0.
package output
