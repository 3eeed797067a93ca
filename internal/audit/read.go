package audit

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
)

// maxLine is the longest line that is read, in bytes.
const maxLine = 4 << 20

// Read calls yield for each entry of a trail, and returns how many lines are no entries: a full disk or a crash cuts lines short. A file
// without any entry is no trail, unless it is empty. name is for errors.
func Read(name string, r io.Reader, yield func(Entry) error) (cut int, err error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	entries := 0
	for lines.Scan() {
		var e Entry
		switch err := json.Unmarshal(lines.Bytes(), &e); {
		case len(lines.Bytes()) == 0:
			continue
		case err != nil || e.Kind == "":
			cut++
			continue
		}
		entries++
		if err := yield(e); err != nil {
			return cut, err
		}
	}
	switch {
	case lines.Err() != nil:
		return cut, fmt.Errorf("%s: %w", name, lines.Err())
	case entries == 0 && cut > 0:
		return cut, fmt.Errorf("%s: %w", name, ErrNotTrail)
	}
	return cut, nil
}
