package scaler

import (
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/scaler/seen"
)

func valid() Spec { return Spec{Sources: []seen.SourceSpec{{Cluster: "main", Group: "orders"}}} }

func TestPolicyDefaults(t *testing.T) {
	for _, preset := range Presets {
		spec := valid()
		spec.Preset = preset.Preset
		p, err := spec.Policy()
		if err != nil {
			t.Fatal(err)
		}
		if p.Utilization != preset.Utilization || p.DownUtilization != preset.DownUtilization || p.StabilizationWindow != preset.StabilizationWindow {
			t.Errorf("%s: %+v", preset.Preset, p)
		}
	}
	p, err := valid().Policy()
	if err != nil {
		t.Fatal(err)
	}
	if p.Preset != Balanced || p.Mode != Advise || p.Kind != Capacity || p.MinReplicas != 1 || p.TargetLag != 30*time.Second ||
		p.DrainTime != 120*time.Second || p.IdleTime != 600*time.Second || p.OnDelete != Keep {
		t.Errorf("defaults: %+v", p)
	}
	spec := valid()
	spec.MinReplicas, spec.TargetLag, spec.StabilizationWindow = new(int32(0)), 5*time.Minute, time.Minute
	if p, err = spec.Policy(); err != nil || p.OnDelete != Restore || p.DrainTime != 10*time.Minute || p.StabilizationWindow != time.Minute {
		t.Errorf("what follows from what is set: %+v, %v", p, err)
	}
}

func TestPolicyErrorsAllAtOnce(t *testing.T) {
	spec := Spec{
		Mode: "auto", Kind: "pid", Preset: "fast", OnDelete: "explode",
		Sources: []seen.SourceSpec{
			{Cluster: "main", Group: "a", ProcessingTime: -1, Isolation: "dirty", TopicPattern: "(", Topics: []string{"orders", "a,b", ".."}},
			{Cluster: "main", Group: "a"},
			{Concurrency: -2, ConsumersPerReplica: -1, SessionTimeout: -time.Second, MaxShareMembers: -1},
		},
		MinReplicas: new(int32(5)), MaxReplicas: new(int32(3)), FallbackReplicas: new(int32(0)),
		TargetLag: time.Millisecond, ActivationLag: -1,
		Schedule: []WindowSpec{{Start: "every day", End: "0 18 * * *", TimeZone: "Mars/Olympus"}},
	}
	_, err := spec.Policy()
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{
		`mode: must be observe, advise or act, not "auto"`, `policy: `, `preset: `, `onDelete: `,
		"sources[0].processingTime: ", "sources[0].isolation: ", "sources[0].topicPattern: ",
		`sources[0].topics[1]: "a,b" cannot be the name of a topic`, `sources[0].topics[2]: ".."`,
		`sources[1].group: "a" of cluster "main" is named twice`, "sources[2].cluster: ", "sources[2].group: ", "sources[2].concurrency: ", "sources[2].consumersPerReplica: ", "sources[2].sessionTimeout: ", "sources[2].maxShareMembers: ",
		"maxReplicas: must be at least 1 and at least minReplicas (5), not 3", "fallbackReplicas: ", "targetLag: must be at least 1s, not 1ms",
		"activationLag: ", `schedule[0].start: "every day"`, `schedule[0].timeZone: "Mars/Olympus"`, "schedule[0].minReplicas: ",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("missing %q in\n%v", want, err)
		}
	}
	if _, err := (Spec{}).Policy(); err == nil || !strings.Contains(err.Error(), "sources: ") {
		t.Errorf("no source: %v", err)
	}
}

func TestWindow(t *testing.T) {
	w, errs := WindowSpec{Start: "0 8 * * 1-5", End: "0 18 * * 1-5", TimeZone: "Europe/Berlin", MinReplicas: 10}.parse("schedule[0]")
	if errs != nil {
		t.Fatal(errs)
	}
	tests := map[string]bool{ // UTC; Berlin is an hour ahead in winter, two in summer
		"2026-01-05T06:59:59Z": false,
		"2026-01-05T07:00:00Z": true,
		"2026-01-05T16:59:59Z": true,
		"2026-01-05T17:00:00Z": false,
		"2026-07-06T06:00:00Z": true,
		"2026-07-04T10:00:00Z": false, // Saturday
	}
	for at, want := range tests {
		when, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := w.Open(when); got != want {
			t.Errorf("%s: open %v, want %v", at, got, want)
		}
	}
}

func TestWeaker(t *testing.T) {
	tests := []struct{ a, b, want Mode }{
		{Act, Advise, Advise}, {Observe, Act, Observe}, {Act, Act, Act}, {"", Act, Act}, {Advise, "", Advise}, {"typo", Act, Observe},
	}
	for _, tt := range tests {
		if got := Weaker(tt.a, tt.b); got != tt.want {
			t.Errorf("Weaker(%q, %q) = %q, want %q", tt.a, tt.b, got, tt.want)
		}
	}
}
