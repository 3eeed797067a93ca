package audit

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
)

// maxLine is the longest line that is read, in bytes.
const maxLine = 4 << 20

// Read calls yield for each entry of a trail; name is for errors. A last line that is cut short, as after a crash, is no error.
func Read(name string, r io.Reader, yield func(Entry) error) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	for n := 1; lines.Scan(); n++ {
		var e Entry
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil || e.Kind == "" {
			if n > 1 && !lines.Scan() {
				return nil
			}
			return fmt.Errorf("%s: line %d: %w", name, n, ErrNotTrail)
		}
		if err := yield(e); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
