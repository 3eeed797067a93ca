// Package built finds the programs that the makefiles under tools/ left in the
// cache: $LAGSCALER_CACHE, or else lagscaler under $XDG_CACHE_HOME or ~/.cache.
package built

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// MissingError is what a program that nobody has built yet is answered with.
type MissingError struct {
	Name   string // of the program or folder
	Target string // the make target that builds it
}

func (e *MissingError) Error() string {
	return fmt.Sprintf("%s is not here: run `make %s` first", e.Name, e.Target)
}

// Tool returns the path of a program that go-install.sh installed. The make
// target has its name.
func Tool(name string) (string, error) {
	cache, err := CacheDir()
	if err != nil {
		return "", err
	}
	return existing(filepath.Join(cache, "bin", name), name)
}

// File returns the path of a file in the cache, such as axe-core/axe.min.js, that a make target put there.
func File(name, target string) (string, error) {
	cache, err := CacheDir()
	if err != nil {
		return "", err
	}
	return existing(filepath.Join(cache, filepath.FromSlash(name)), target)
}

// Module returns the folder with the programs of a module under tools/, as
// they were built from what the module's folder holds now.
func Module(name string) (string, error) {
	cache, err := CacheDir()
	if err != nil {
		return "", err
	}
	checkout, err := Checkout()
	if err != nil {
		return "", err
	}
	key, err := moduleKey(filepath.Join(checkout, "tools", name))
	if err != nil {
		return "", fmt.Errorf("hashing tools/%s: %w", name, err)
	}
	return existing(filepath.Join(cache, name+"-"+key), name)
}

// Need skips the test when err says that something is not built, and fails it
// on any other error. Where CI is true nothing may be missing, so that fails too.
func Need(t testing.TB, err error) {
	t.Helper()
	if err == nil {
		return
	}
	if _, missing := errors.AsType[*MissingError](err); missing && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	t.Fatal(err)
}

func existing(path, target string) (string, error) {
	_, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return "", &MissingError{Name: path, Target: target}
	}
	return path, err
}

// moduleKey is the key of build-module.sh: the hash of the folder's files, one
// after the other by name, without the hidden ones.
func moduleKey(dir string) (string, error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	for _, file := range files {
		if strings.HasPrefix(file.Name(), ".") {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, file.Name()))
		if err != nil {
			return "", err
		}
		h.Write(data)
	}
	return hex.EncodeToString(h.Sum(nil))[:16], nil
}

// Checkout is the root folder of the checkout that the test runs in.
func Checkout() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "tools", "tools.mk")); err == nil {
			return dir, nil
		}
	}
	return "", errors.New("finding tools/tools.mk: not run within the checkout")
}

// CacheDir is the folder that the makefiles leave programs in.
func CacheDir() (string, error) {
	if dir := os.Getenv("LAGSCALER_CACHE"); dir != "" {
		return dir, nil
	}
	if dir := os.Getenv("XDG_CACHE_HOME"); dir != "" {
		return filepath.Join(dir, "lagscaler"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("finding the cache: %w", err)
	}
	return filepath.Join(home, ".cache", "lagscaler"), nil
}
