package tape_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kversion"

	"github.com/lagscaler/lagscaler/lag/kafkasource"
	"github.com/lagscaler/lagscaler/lag/kafkasource/tape"
	"github.com/lagscaler/lagscaler/lag/lagtest"
)

// recorded is a recording of an embedded cluster with groups of several kinds, as it is read from its file.
func recorded(t *testing.T, v *kversion.Versions, o tape.Options, cfg kafkasource.Config) (*tape.Tape, []byte) {
	t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(3), kfake.MaxVersions(v), kfake.ClusterID("secret-cluster"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	k := lagtest.Kafka(t, nil, c.ListenAddrs())
	for i, name := range []string{"secret-b", "secret-a", "secret-c"} {
		k.Create(name, 3)
		for p := range int32(3) {
			k.Append(name, p, int64(10*(i+1)))
			k.Commit("secret-group-"+name, name, p, int64(i+2))
		}
	}
	t.Cleanup(k.Join("secret-running", "secret-a", "secret-b"))
	cfg.Brokers, cfg.Cluster = c.ListenAddrs(), "main"
	recording, err := tape.Record(t.Context(), cfg, o)
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := recording.Write(&file); err != nil {
		t.Fatal(err)
	}
	read, err := tape.Read(bytes.NewReader(file.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	return read, file.Bytes()
}

// plays plays a tape: each poll reads what it read when it was recorded.
func plays(t *testing.T, recording *tape.Tape) {
	t.Helper()
	p, err := tape.NewPlayer(recording)
	if err != nil {
		t.Fatal(err)
	}
	s, err := kafkasource.New(p.Config())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for i, want := range recording.Polls {
		if len(want.Errors) == 0 {
			want.Errors = map[string]int{}
		}
		o := s.Observe(t.Context())
		if got := tape.PollOf(o); !reflect.DeepEqual(got, want) {
			t.Errorf("poll %d reads\n%+v\nwant\n%+v\nerrors %+v, not recorded: %q", i, got, want, o.Errors, p.Unasked())
		}
	}
}

var options = tape.Options{Polls: 3, Every: 10 * time.Millisecond, Lagscaler: "test"}

func TestWhatIsRecordedIsPlayed(t *testing.T) {
	for name, v := range map[string]*kversion.Versions{"2.8": kversion.V2_8_0(), "3.9": kversion.V3_9_0(), "newest": kversion.Stable()} {
		t.Run(name, func(t *testing.T) {
			recording, _ := recorded(t, v, options, kafkasource.Config{})
			if n := len(recording.Polls[2].Groups); n != 4 {
				t.Errorf("%d groups: %+v", n, recording.Polls[2])
			}
			plays(t, recording)
		})
	}
	t.Run("with names", func(t *testing.T) {
		o := options
		o.Names = true
		recording, file := recorded(t, kversion.Stable(), o, kafkasource.Config{})
		plays(t, recording)
		if !recording.Header.Names || !strings.Contains(unpacked(t, file), "secret-running") {
			t.Error("the names are not kept")
		}
	})
	t.Run("a selection", func(t *testing.T) {
		recording, _ := recorded(t, kversion.Stable(), options, kafkasource.Config{
			Group: func(g string) bool { return g != "secret-group-secret-a" }, Topic: func(name string) bool { return name != "secret-b" },
		})
		if n := len(recording.Polls[2].Groups); n != 3 {
			t.Errorf("%d groups: %+v", n, recording.Polls[2])
		}
		plays(t, recording)
	})
}

// unpacked are the lines of a file with their bytes decoded.
func unpacked(t *testing.T, file []byte) string {
	t.Helper()
	zip, err := gzip.NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	lines := bufio.NewReader(zip)
	for {
		text, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return all.String()
		}
		if err != nil {
			t.Fatal(err)
		}
		var l struct{ Exchange *tape.Exchange }
		if err := json.Unmarshal(text, &l); err != nil {
			t.Fatal(err)
		}
		all.Write(text)
		if l.Exchange != nil {
			fmt.Fprintf(&all, "%s\n%s\n", l.Exchange.Request, l.Exchange.Response)
		}
	}
}

func TestARecordingHasNoNames(t *testing.T) {
	for name, v := range map[string]*kversion.Versions{"2.8": kversion.V2_8_0(), "newest": kversion.Stable()} {
		t.Run(name, func(t *testing.T) {
			_, file := recorded(t, v, options, kafkasource.Config{})
			text := unpacked(t, file)
			for _, secret := range []string{"secret", "127.0.0.1", "kgo", "lagtest"} {
				if i := strings.Index(text, secret); i >= 0 {
					t.Errorf("the recording has %q: …%q…", secret, text[max(0, i-80):min(len(text), i+80)])
				}
			}
			if !strings.Contains(text, "group-0004") || !strings.Contains(text, "topic-0003") {
				t.Error("the names have not become others")
			}
		})
	}
}

var update = flag.Bool("update", false, "record the embedded clusters of testdata anew")

// The format stays: recordings of earlier versions of the program are read.
func TestEmbeddedClustersAreRecorded(t *testing.T) {
	for name, v := range map[string]*kversion.Versions{"2.8": kversion.V2_8_0(), "4.0": kversion.V4_0_0()} {
		o := options
		o.Polls, o.Provider = 2, "an embedded cluster, as Kafka "+name
		recording, file := recorded(t, v, o, kafkasource.Config{})
		plays(t, recording)
		if path := "testdata/embedded-" + name + ".jsonl.gz"; *update {
			if err := os.WriteFile(path, file, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// Every recording that somebody attached is read as it was then.
func TestTestdata(t *testing.T) {
	files, err := filepath.Glob("testdata/*.jsonl.gz")
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			recording, err := tape.Read(bytes.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			if recording.Header.Names || len(recording.Polls) == 0 {
				t.Errorf("header %+v, %d polls", recording.Header, len(recording.Polls))
			}
			plays(t, recording)
		})
	}
}

func packed(t *testing.T, lines string) []byte {
	t.Helper()
	var b bytes.Buffer
	zip := gzip.NewWriter(&b)
	if _, err := io.WriteString(zip, lines); err != nil {
		t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestWhatIsNoRecording(t *testing.T) {
	for name, tc := range map[string]struct {
		file []byte
		says string
	}{
		"no gzip":            {[]byte("a file that is no archive"), "gzip: invalid header"},
		"empty":              {packed(t, ""), "empty"},
		"another recording":  {packed(t, `{"version":1,"lagscaler":"v1"}`+"\n"), "line 1 of a recording: exchanges: 0"},
		"another version":    {packed(t, `{"exchanges":2}`+"\n"), "exchanges: 2"},
		"a line of no kind":  {packed(t, `{"exchanges":1}`+"\n{}\n"), "line 2 of a recording: is neither"},
		"a line of no JSON":  {packed(t, `{"exchanges":1}`+"\n{\n"), "line 2"},
		"a field of no byte": {packed(t, `{"exchanges":1}`+"\n"+`{"exchange":{"key":"x"}}`+"\n"), "line 2"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := tape.Read(bytes.NewReader(tc.file)); err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("error %v, want %q", err, tc.says)
			}
		})
	}
	recording, err := tape.Read(bytes.NewReader(packed(t, `{"exchanges":1}`+"\n")))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tape.NewPlayer(recording); err == nil {
		t.Error("a recording without brokers is played")
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"exchanges":1}` + "\n" + `{"apis":{"broker":1,"versions":[[3,0,12]]}}` + "\n" + `{"exchange":{"broker":1,"key":3,"version":1,"response":"AAAAAQ=="}}`))
	f.Fuzz(func(t *testing.T, lines []byte) {
		recording, err := tape.Read(bytes.NewReader(packed(t, string(lines))))
		if err != nil {
			return
		}
		_, _ = tape.NewPlayer(recording)
	})
}
