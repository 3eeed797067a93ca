// Package child runs the servers of the tests as child processes that end with
// the test binary, however that ends: by itself, by a panic or killed.
package child
