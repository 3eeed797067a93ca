// Package alerts holds the Prometheus rules: recording rules and alerts, as plain rule files in rules/.
//
// The files are written so that a line tells what it is (a test holds them to it), which is all that [Export] needs to
// leave an alert out, add labels or shorten every duration without losing a comment:
//
//	groups:
//	  - name: …            a group
//	    rules:
//	      # …              a comment belongs to the rule below it
//	      - alert: …       a rule
//	        labels:
//
// promtool tests of every alert are in testdata/, runbooks in docs/runbooks/, routes for Alertmanager in
// alertmanager.yaml.
package alerts
