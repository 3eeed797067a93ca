package learn

import (
	"encoding/binary"
	"encoding/json"
	"testing"

	"github.com/lagscaler/lagscaler/scaler/packed"
)

// Windows that were saved one by one are read, and what cannot have been saved is refused.
func TestLoadSpeeds(t *testing.T) {
	for name, c := range map[string]struct {
		data       string
		busy, best int
		fails      bool
	}{
		"none":            {`{}`, 0, 0, false},
		"one by one":      {`{"busy":[{"from":1,"at":31,"perSecond":99.5,"consumers":4}],"best":[{"from":1,"at":31,"perSecond":101,"consumers":4}]}`, 1, 1, false},
		"no base64":       {`{"codes":"?"}`, 0, 0, true},
		"half a window":   {`{"codes":"YmYBAAAA//8="}`, 0, 0, true},
		"codes that end":  {`{"codes":"YmI="}`, 0, 0, true},
		"no list at all":  {`[]`, 0, 0, true},
		"a negative busy": {codes(t, -1), 0, 0, true},
		"more than there": {codes(t, 2, 1, 30, 1120403456, 4), 0, 0, true},
		"one":             {codes(t, 1, 1, 30, 1120403456, 4), 1, 0, false},
		"no rate":         {codes(t, 1, 1, 30, 0, 4), 0, 0, true},
		"no number":       {codes(t, 1, 1, 30, 0x7fc00000, 4), 0, 0, true},
		"it ends before":  {codes(t, 1, 1, -30, 1120403456, 4), 0, 0, true},
	} {
		var s Speeds
		if err := json.Unmarshal([]byte(c.data), &s); (err != nil) != c.fails || err == nil && (len(s.Busy) != c.busy || len(s.Best) != c.best) {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
}

func codes(t *testing.T, numbers ...int64) string {
	t.Helper()
	raw := []byte(nil)
	for _, v := range numbers {
		raw = binary.AppendVarint(raw, v)
	}
	text, err := packed.Pack(raw)
	if err != nil {
		t.Fatal(err)
	}
	return `{"codes":"` + text + `"}`
}

// FuzzLoadSpeeds: what is loaded is saved and loaded again as it is.
func FuzzLoadSpeeds(f *testing.F) {
	f.Add([]byte(`{"busy":[{"from":1,"at":31,"perSecond":99.5,"consumers":4}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var s Speeds
		if json.Unmarshal(data, &s) != nil {
			return
		}
		if _, err := json.Marshal(s); err != nil {
			t.Fatal(err)
		}
	})
}
