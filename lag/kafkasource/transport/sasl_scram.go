package transport

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// mostIterations bounds what a server of SCRAM may ask for: a client hashes its password so often, half a microsecond each, and the
// library cannot be stopped meanwhile. Kafka's brokers have 4096 to 16,384.
const mostIterations = 250_000

// checkChallenge refuses the first message of a SCRAM server (RFC 5802: r=…,s=…,i=…) that asks for too many iterations.
func checkChallenge(mechanism string, challenge []byte) error {
	if !strings.HasPrefix(mechanism, "SCRAM-") {
		return nil
	}
	for field := range bytes.SplitSeq(challenge, []byte(",")) {
		text, ok := bytes.CutPrefix(field, []byte("i="))
		if n, err := strconv.Atoi(string(text)); ok && err == nil && n > mostIterations {
			return fmt.Errorf("the broker asks for %d iterations, %d are the limit", n, mostIterations)
		}
	}
	return nil
}
