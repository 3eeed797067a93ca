package scale

import (
	"os"
	"strings"
	"syscall"

	"github.com/lagscaler/lagscaler/internal/audit"
	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/internal/record"
)

// checkTrail ends a daemon, and holds its audit trail against the one that follows from its recording, byte for byte.
func (s *scenario) checkTrail(d *daemon) {
	s.t.Helper()
	if err := d.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	<-d.Done()
	want, err := os.ReadFile(s.Daemon.AuditPath)
	if err != nil {
		s.t.Fatal(err)
	}
	file, err := os.Open(s.Daemon.RecordPath)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = file.Close() }() // only read
	var have strings.Builder
	r := record.Replay{Deed: func(d engine.Deed, by, configuration string) {
		e := audit.Entry{Deed: d, By: by, Configuration: configuration}
		line, err := e.JSON()
		if err != nil {
			s.t.Error(err)
		}
		have.Write(line)
	}}
	if err := r.Read(s.Daemon.RecordPath, file); err != nil {
		s.t.Fatal(err)
	}
	writes := strings.Count(string(want), `"kind":"write"`)
	s.t.Logf("the audit trail has %d lines, %d of them writes", strings.Count(string(want), "\n"), writes)
	if have.String() != string(want) || writes == 0 || r.Lost > 0 {
		s.t.Errorf("the recording gives\n%s\nthe trail is\n%s", have.String(), want)
	}
}
