package config

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
)

// startReloader runs a Reloader on a file until the test ends. The channel receives each configuration given to apply.
func startReloader(t *testing.T, path string, refuse error) (*Reloader, chan os.Signal, chan *Config) {
	t.Helper()
	r, err := NewReloader(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	signals, applied, ended := make(chan os.Signal), make(chan *Config, 10), make(chan error, 1)
	go func() {
		ended <- r.Run(ctx, slog.New(slog.DiscardHandler), signals, func(c *Config) error { applied <- c; return refuse })
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return r, signals, applied
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func next(t *testing.T, applied <-chan *Config) *Config {
	t.Helper()
	select {
	case c := <-applied:
		return c
	case <-time.After(10 * time.Second):
		t.Fatal("no new configuration within 10 s")
		return nil
	}
}

// until polls for a condition, with a deadline.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !done(); {
		if time.Now().After(end) {
			t.Fatalf("%s: not within 10 s", what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func TestReloadOnChangeAndKeepTheOldOneIfWrong(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lagscaler.yaml")
	write(t, path, minimal)
	r, _, applied := startReloader(t, path, nil)

	write(t, path, minimal+"mode: observe\n")
	if c := next(t, applied); c.Mode != scaler.Observe {
		t.Errorf("mode %s", c.Mode)
	}
	write(t, path, minimal+"mode: none\n")
	until(t, "the mistake is noticed", func() bool { return r.LastReload().Err != nil })
	if !strings.Contains(r.LastReload().Err.Error(), "mode") || r.Config().Mode != scaler.Observe {
		t.Errorf("outcome %v, mode %s", r.LastReload().Err, r.Config().Mode)
	}
	write(t, path, minimal+"mode: act\n")
	next(t, applied)
	until(t, "the corrected file is in force", func() bool { return r.LastReload().Err == nil && r.Config().Mode == scaler.Act })
}

func TestReloadOnSignalWithoutAChange(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lagscaler.yaml")
	write(t, path, minimal)
	_, signals, applied := startReloader(t, path, nil)
	signals <- os.Interrupt
	next(t, applied)
}

func TestRefusedByTheProgram(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lagscaler.yaml")
	write(t, path, minimal)
	refuse := errors.New("listen cannot change while running")
	r, signals, applied := startReloader(t, path, refuse)
	first := r.Config()
	signals <- os.Interrupt
	next(t, applied)
	until(t, "the refusal is the last result", func() bool { return errors.Is(r.LastReload().Err, refuse) })
	if r.Config() != first {
		t.Error("a refused configuration came into force")
	}
}

// TestReloadOnConfigMapSwap changes a file as the kubelet does: files are symbolic links through ..data, which it replaces
// in one step.
func TestReloadOnConfigMapSwap(t *testing.T) {
	dir := t.TempDir()
	version := func(name, text string) {
		t.Helper()
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, name, "lagscaler.yaml"), text)
		if err := os.Symlink(name, filepath.Join(dir, "..data_tmp")); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")); err != nil {
			t.Fatal(err)
		}
	}
	version("..1", minimal)
	path := filepath.Join(dir, "lagscaler.yaml")
	if err := os.Symlink("..data/lagscaler.yaml", path); err != nil {
		t.Fatal(err)
	}
	_, _, applied := startReloader(t, path, nil)
	for i, mode := range []scaler.Mode{scaler.Observe, scaler.Act} {
		version("..next"+string(rune('a'+i)), minimal+"mode: "+string(mode)+"\n")
		if c := next(t, applied); c.Mode != mode {
			t.Errorf("mode %s, want %s", c.Mode, mode)
		}
	}
}

// TestReloadOnRotatedSecret: a new secret is read, even after the file was missing.
func TestReloadOnRotatedSecret(t *testing.T) {
	dir, secrets := t.TempDir(), t.TempDir()
	path, password := filepath.Join(dir, "lagscaler.yaml"), filepath.Join(secrets, "password")
	write(t, password, "one")
	write(t, path, minimal+"  sasl: {mechanism: PLAIN, username: u, passwordFile: "+password+"}\n")
	r, _, applied := startReloader(t, path, nil)

	write(t, password, "two\n")
	if got := next(t, applied).Clusters[0].SASL.Password.Reveal(); got != "two" {
		t.Errorf("password %q", got)
	}
	if err := os.Remove(password); err != nil {
		t.Fatal(err)
	}
	until(t, "the missing file is noticed", func() bool { return r.LastReload().Err != nil })
	write(t, password, "three")
	if got := next(t, applied).Clusters[0].SASL.Password.Reveal(); got != "three" {
		t.Errorf("password %q", got)
	}
}

func TestFirstLoadFails(t *testing.T) {
	dir := t.TempDir()
	if _, err := NewReloader(filepath.Join(dir, "none.yaml")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	write(t, filepath.Join(dir, "bad.yaml"), "mode: x")
	var p *Problems
	if _, err := NewReloader(filepath.Join(dir, "bad.yaml")); !errors.As(err, &p) || len(p.All) != 2 {
		t.Errorf("got %v", err)
	}
}
