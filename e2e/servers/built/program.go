package built

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
)

// program is lagscaler as this test binary built it.
var program struct {
	sync.Mutex
	path string // empty: not built yet
}

// Program returns the path of lagscaler itself, built from the checkout by the first test that asks. TestMain ends with
// [RemoveProgram].
func Program() (string, error) {
	program.Lock()
	defer program.Unlock()
	if program.path != "" {
		return program.path, nil
	}
	checkout, err := Checkout()
	if err != nil {
		return "", err
	}
	folder, err := os.MkdirTemp("", "lagscaler-e2e-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(folder, "lagscaler")
	build := exec.Command("go", "build", "-trimpath", "-o", path, "./cmd/lagscaler")
	build.Dir = checkout                                            // where the program's own module is
	build.Env = append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0") // as make build and the image: compiled once
	if out, err := build.CombinedOutput(); err != nil {
		_ = os.RemoveAll(folder) // the error below says what went wrong
		return "", fmt.Errorf("building lagscaler: %w\n%s", err, out)
	}
	program.path = path
	return path, nil
}

// RemoveProgram removes what [Program] built.
func RemoveProgram() {
	program.Lock()
	defer program.Unlock()
	if program.path != "" {
		_ = os.RemoveAll(filepath.Dir(program.path)) // a temporary folder
	}
}
