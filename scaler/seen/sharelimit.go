package seen

// defaultShareMembers is the default of group.share.max.size in Kafka 4.0 to 4.4: a broker refuses further members.
const defaultShareMembers = 200

// ShareLimit is who says how many members a share group may have.
type ShareLimit uint8

// The sources of a limit, the one that counts first last.
const (
	AssumedLimit  ShareLimit = iota // nobody: it is Kafka's default
	BrokerLimit                     // its coordinator
	DeclaredLimit                   // the specification
)

// ShareMembers is the number of members that a share group may have, and who says so.
func (h *History) ShareMembers() (most int32, from ShareLimit) {
	switch {
	case h.MaxShareMembers > 0:
		return h.MaxShareMembers, DeclaredLimit
	case h.Read != nil && h.Read.MaxMembers > 0:
		return h.Read.MaxMembers, BrokerLimit
	}
	return defaultShareMembers, AssumedLimit
}
