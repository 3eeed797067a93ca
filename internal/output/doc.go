// Package output prints the results of commands: tables and terminal screens for people, JSON and YAML for programs.
//
//	table.go      aligned columns, escaped names, numbers that may be unknown
//	lag.go        the lag of groups, in every format
//	document.go   JSON, and YAML with the same names in the same order
//	screen.go     a terminal: each reading replaces the last one; the progress of a long task
//
// In a table, an unknown value is "-", never 0:
//
//	GROUP    STATE   MEMBERS  TOPIC   PARTITION  COMMITTED  END  LAG  OWNER  NOTE
//	billing  Empty   0        orders  1          20         20   0    -      -
//	billing  Empty   0        orders  2          -          30   -    -      never committed
package output
