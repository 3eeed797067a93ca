// Package audit keeps the trail of what lagscaler did: each write with its derivation, each number that another autoscaler was given,
// and each change of a mode, of limits and of a freeze, as the engine notes them.
//
// A trail is JSON lines, the oldest first. Each line is an [Entry]. The file is rotated by size: NAME-TIME.EXT are older ones. The log
// of the program has the same deeds as lines for people.
package audit
