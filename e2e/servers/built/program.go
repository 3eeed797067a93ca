package built

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
)

// programs are what this test binary built, by package.
var programs struct {
	sync.Mutex
	folder string
	paths  map[string]string
}

// Program returns the path of lagscaler itself, built from the checkout by the first test that asks. TestMain ends with
// [RemovePrograms].
func Program() (string, error) { return build(".", "./cmd/lagscaler", "lagscaler") }

// Consumer returns the path of the consumers of closed loops, built as [Program] is.
func Consumer() (string, error) {
	return build("e2e", "./servers/closedloop/consumer/program", "consumer")
}

// build builds a package of the module in a folder of the checkout, once.
func build(module, pkg, name string) (string, error) {
	programs.Lock()
	defer programs.Unlock()
	if path, ok := programs.paths[pkg]; ok {
		return path, nil
	}
	checkout, err := Checkout()
	if err != nil {
		return "", err
	}
	if programs.folder == "" {
		if programs.folder, err = os.MkdirTemp("", "lagscaler-e2e-"); err != nil {
			return "", err
		}
		programs.paths = map[string]string{}
	}
	path := filepath.Join(programs.folder, name)
	build := exec.Command("go", "build", "-trimpath", "-o", path, pkg)
	build.Dir = filepath.Join(checkout, module)
	build.Env = append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0") // as make build and the image: compiled once
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building %s: %w\n%s", name, err, out)
	}
	programs.paths[pkg] = path
	return path, nil
}

// RemovePrograms removes what [Program] and [Consumer] built.
func RemovePrograms() {
	programs.Lock()
	defer programs.Unlock()
	if programs.folder != "" {
		_ = os.RemoveAll(programs.folder) // a temporary folder
	}
}
