// Package say puts a decision into words: the line that logs, Events and pages show, and the derivation that lagscaler
// explain prints.
//
// The words of a verdict or a limit are in its row of the tables in package scaler. The words for the numbers of
// a need are in scaler/need. This package only arranges the words. Every number in them comes from the Decision, so a decision that was
// read from JSON has the same line.
//
//	Line      ScaleUp 12 -> 24, MaxReplicas 24 -> 20: 1 915/s needed, 12 consumers can process 1 200/s; 1 690/s expected …
//	Explain   rows in sections: measured, computed, decided, limited, and otherwise (the nearest changes that would lead to
//	          another decision); Text prints them in columns
package say
