// Package record writes what scalers saw and decided to a file, and decides it again.
//
// A recording is gzip over JSON lines. The first is the Header, the others are of two kinds:
//
//	{"scaler":"shop/orders","memory":{…},"start":"fresh"}       what the scaler knew before the next poll
//	{"scaler":"shop/orders","poll":{…},"decision":{…}}          what it saw, and what it decided if it decided
//
// Every file begins with the memory of each scaler, so that it replays alone. What is not in a saved memory, the
// readings of the last minutes, a replay builds up anew: see [Start].
package record
