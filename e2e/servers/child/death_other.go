//go:build !linux

package child

import "os/exec"

// Only Linux ties a child's life to its parent's. Elsewhere the children end
// when the tests clean up after themselves.
func dieWithParent(*exec.Cmd) {}
