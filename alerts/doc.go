// Package alerts holds the Prometheus rules of lagscaler: recording rules and alerts, as rule files in rules/.
//
// [Export] writes them as one file. It can omit alerts, add labels, and shorten all durations for tests, and it keeps the
// comments. Therefore it does not parse YAML, but reads the files line by line: the indentation says what a line is.
//
//	groups:
//	  - name: …            a group
//	    rules:
//	      # …              a comment about the next rule
//	      - alert: …       a rule
//	        labels:        a part of that rule
//
// For example, a TimeScale of 60 turns "for: 5m" into "for: 5000ms" and "[1h]" into "[60000ms]".
//
//	testdata/           promtool tests of every alert
//	alertmanager.yaml   an example of routes for Alertmanager
//	docs/runbooks/      a runbook for every alert
package alerts
