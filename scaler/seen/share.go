package seen

// Place is how a target shares the consumers of its groups with another place: another Kubernetes cluster in which consumers of the
// same groups run, and which another scaler scales.
//
//	need of 10 consumers, 60 %      6 here; the other place takes 4
//	need of 11 consumers, 60 %      7 here, and 5 there: each share is rounded up, so that together there is at most one more a place
//	the other place is gone         all: 11 here
//	it comes back with 3            8 here, which with those 3 are 11; and so on, until its share is there
//
// The share is of the need, never of the members of the moment: two scalers that each take what the other one leaves would take turns.
type Place struct {
	Share int32 // percent of the consumers that this place takes, 1 to 99; 0: the target is in one place
	Alone bool  // the other place is gone, or has come back less than an hour ago
}

// here is how many of so many consumers this place takes; elsewhere counts only while it is alone.
func (p Place) here(consumers, elsewhere int32) int32 {
	share := int32((int64(consumers)*int64(p.Share) + 99) / 100)
	if p.Alone {
		return max(share, consumers-elsewhere)
	}
	return share
}

// all is how many consumers there are in both places when so many are here and the other place has its share, or what it has.
func (p Place) all(here, elsewhere int32) int32 {
	share := int32(int64(here) * 100 / int64(p.Share))
	if p.Alone {
		return min(share, here+elsewhere)
	}
	return share
}
