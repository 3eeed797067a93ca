// Package say puts a decision into words: the line that logs, Events and pages show, and the derivation that lagscaler
// explain prints.
//
// The words of a verdict and of a limit stand in their rows of package scaler's tables, and those of a need's numbers in
// scaler/need. This package only arranges them. Every number in them is in the Decision: a decision that went through JSON
// is put into the same words.
//
//	Line      ScaleUp 12 -> 24, MaxReplicas 24 -> 20: 1 915/s needed, 12 consumers can process 1 200/s; 1 690/s expected …
//	LineAs    the same, with the disposition: ScaleUp 12 -> 24 (Advised): …
//	Explain   rows in sections: measured, computed, decided, limited, otherwise; Text lays them out in columns
package say
