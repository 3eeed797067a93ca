package record

import (
	"strings"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/scaler/say"
)

// trail makes the audit trail of a recording again: of its facts, and of the decisions that the replay makes. What has been decided, its
// line and its derivation are not in the recording.
type trail struct {
	deeds         *engine.Trail
	by            string
	configuration string
	labels        map[string]map[string]string // by scaler
}

// begin begins a file. The first one of a process knows of nothing.
func (t *trail) begin(h *Header, deed func(d engine.Deed, by, configuration string)) {
	if t.by = h.By; h.Continues && t.deeds != nil {
		return
	}
	t.deeds = engine.NewTrail(func(d engine.Deed) {
		if deed != nil {
			deed(d, t.by, t.configuration)
		}
	}, nil)
}

func (t *trail) knows(all []engine.InForce) {
	for _, f := range all {
		t.deeds.Knows(f)
		t.label(&f)
	}
}

func (t *trail) label(f *engine.InForce) {
	if f.Labels == "" {
		delete(t.labels, f.Scaler)
		return
	}
	labels := map[string]string{}
	for pair := range strings.SplitSeq(f.Labels, ",") {
		key, value, _ := strings.Cut(pair, "=")
		labels[key] = value
	}
	if t.labels == nil {
		t.labels = map[string]map[string]string{}
	}
	t.labels[f.Scaler] = labels
}

func (t *trail) take(l *line, scalers map[string]*replayed) {
	t.configuration = l.Configuration
	if f := l.Fact.InForce; f != nil {
		t.label(f)
	}
	var decided *engine.Decided
	if done := l.Fact.Done; done != nil {
		if s := scalers[done.Scaler]; s != nil {
			decided = &engine.Decided{Decision: s.last, Line: say.Line(s.last), Given: s.memory.Given}
		}
	}
	t.deeds.Take(*l.Fact, decided)
}
