// Package tape records what the brokers of a cluster answer to polls, without names, and plays it again: to a source, the player
// is these brokers. A user of a Kafka that nobody here has can attach such a file, and a test then plays it for ever.
//
// A file is gzip-compressed JSON lines. The first is the [Header]. Every other line is one of these:
//
//	{"apis":{"broker":1,"versions":[[0,0,11],…]}}                        the APIs of a broker, with their lowest and highest version
//	{"exchange":{"broker":1,"key":16,"version":4,"request":…,"response":…}}  one request and its answer, as bytes of the protocol
//	{"poll":{"groups":[…],"errors":{…}}}                                 what a poll made of the exchanges before it
//
// # Names
//
// Names are those of groups, topics, members, clients, hosts, racks and clusters. Each becomes its rank among all names of its kind in
// the file: group-0007. So the order of names stays, by which requests are sorted, and the same name is the same everywhere in
// a file. Names that the configuration does not select become other-0007. Offsets, counts, times and states stay. User data of
// members, messages of errors and every text of which it is not known that it has no name are left out: see scrub.go.
package tape
