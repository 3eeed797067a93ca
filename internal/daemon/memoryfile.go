package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/lagscaler/lagscaler/scaler"
)

// memoryFile saves what scalers have learned if there is no Kubernetes: one JSON object with one memory per scaler.
type memoryFile struct {
	path string
	log  *slog.Logger
}

// Load reads the file; a file that does not exist yet is empty. A memory that cannot be read, for example one of a newer
// version, is skipped and logged; the next Save replaces it.
func (f memoryFile) Load(context.Context) (map[string]scaler.Memory, error) {
	text, err := os.ReadFile(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading what was learned: %w", err)
	}
	var saved map[string]json.RawMessage
	if err := json.Unmarshal(text, &saved); err != nil {
		return nil, fmt.Errorf("reading what was learned from %s: %w", f.path, err)
	}
	learned := map[string]scaler.Memory{}
	for name, m := range saved {
		memory, err := scaler.LoadMemory(m)
		if err != nil {
			f.log.Warn("a saved memory is left out", "scaler", name, "file", f.path, "err", err)
			continue
		}
		learned[name] = memory
	}
	return learned, nil
}

// Save replaces the file atomically: it is never half written.
func (f memoryFile) Save(_ context.Context, learned map[string]scaler.Memory) error {
	saved := map[string]json.RawMessage{}
	for name, m := range learned {
		text, err := m.Save()
		if err != nil {
			return fmt.Errorf("saving the memory of %s: %w", name, err)
		}
		saved[name] = text
	}
	text, err := json.Marshal(saved) // sorted by name
	if err != nil {
		return fmt.Errorf("saving what was learned: %w", err)
	}
	part, err := os.CreateTemp(filepath.Dir(f.path), filepath.Base(f.path)+".*")
	if err != nil {
		return fmt.Errorf("saving what was learned: %w", err)
	}
	_, err = part.Write(text)
	if err = errors.Join(err, part.Sync(), part.Close()); err == nil {
		err = os.Rename(part.Name(), f.path)
	}
	if err != nil {
		_ = os.Remove(part.Name()) // the error above says what went wrong
		return fmt.Errorf("saving what was learned: %w", err)
	}
	return nil
}
