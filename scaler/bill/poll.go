package bill

import "time"

// Poll is what is read at a poll.
type Poll struct {
	Now     time.Time
	Longest time.Duration // between two polls; what was between two that are farther apart is unknown

	Sized    bool    // Replicas and Decided are known
	Replicas float64 // that exist, without those that a rollout adds
	Decided  float64 // that the decision in force asks for; those that exist where it asks for none
	Ours     bool    // lagscaler sets the replicas, itself or through an autoscaler that asks it
	Written  bool    // lagscaler has set them at some time
	Other    string  // the kind of another autoscaler that sets them; empty: none does

	Judged Judged
}

// Judged is how many records were processed, and later than a time. The counters only grow, and begin anew with the process.
type Judged struct {
	Within        time.Duration // 0: nobody judges them
	Records, Late uint64
	Read          bool // a group was read at this poll
}

// since is what was judged since an earlier reading; ok is false if that is not known.
func (j Judged) since(before Judged) (records, late float64, ok bool) {
	if j.Within == 0 || j.Within != before.Within || j.Records < before.Records || j.Late < before.Late {
		return 0, 0, false
	}
	return float64(j.Records - before.Records), float64(j.Late - before.Late), true
}
