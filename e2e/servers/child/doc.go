// Package child runs the servers of the tests as child processes. They end when
// the test binary ends, also after a panic or a SIGKILL.
package child
