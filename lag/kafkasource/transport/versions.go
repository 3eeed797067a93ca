package transport

// versionRange is the range of versions of one API that a broker supports.
type versionRange struct{ low, high int16 }

// newest is the newest version of each API this program was tested with, where kmsg knows newer ones.
// OffsetFetch 10 would answer topic ids instead of names.
var newest = map[int16]int16{
	1:  12, // Fetch; from 13 on it has topic ids instead of names
	2:  10, // ListOffsets
	3:  12, // Metadata
	9:  9,  // OffsetFetch
	10: 6,  // FindCoordinator
	15: 6,  // DescribeGroups
	16: 5,  // ListGroups
	32: 4,  // DescribeConfigs
	69: 1,  // ConsumerGroupDescribe
	77: 1,  // ShareGroupDescribe
	89: 0,  // StreamsGroupDescribe
	90: 1,  // DescribeShareGroupOffsets
}

// negotiate is the newest version of an API that a broker and we both support.
func negotiate(versions map[int16]versionRange, key, ours int16) (int16, bool) {
	theirs, ok := versions[key]
	if limit, capped := newest[key]; capped {
		ours = min(ours, limit)
	}
	v := min(theirs.high, ours)
	return v, ok && v >= theirs.low
}

func (c *Client) setVersions(broker int32, versions map[int16]versionRange) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.versions[broker] = versions
}

// Version is the newest version of an API, up to ours, that the broker supported when it last answered.
func (c *Client) Version(broker int32, key, ours int16) (int16, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return negotiate(c.versions[broker], key, ours)
}
