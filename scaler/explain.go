package scaler

// Section is a part of an explanation.
type Section string

// The sections of an explanation, in order.
const (
	Measured  Section = "measured"
	Computed  Section = "computed"
	Decided   Section = "decided"
	Limited   Section = "limited"
	Otherwise Section = "otherwise" // what would have to change for another answer
)

// Row is one line of an explanation.
type Row struct {
	Section Section `json:"section"`
	Name    string  `json:"name"`
	Value   string  `json:"value"`
	Because string  `json:"because,omitempty"` // the formula with its numbers
}

// Explain is the decision as a derivation: measured inputs, what follows from them, the verdict, each limit, and what
// would have to change for another answer.
func Explain(d Decision) []Row {
	return []Row{{Section: Decided, Name: string(d.Verdict), Value: d.Line(), Because: d.Verdict.Doc()}}
}
