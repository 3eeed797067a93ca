package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/asleep"
	"github.com/lagscaler/lagscaler/scaler/kube/v1alpha1"
)

// The state of a target at zero is in the KafkaScaler's status, because the API server keeps no author of a size of 0, and a
// leader may die between two writes:
//
//	written                     then dies   the next leader sees       it is
//	the intent                  yes         a size above 0             no zero: the intent ends
//	the intent, then a size 0   yes         0 and the intent           our own: records wake it
//	nothing                                 0, where it saw n before   by hand, while it acts

// intend saves the state before a write of 0, at once. A scaler of the configuration file has no status: the engine saves its
// memory instead.
func (p *publisher) intend(ctx context.Context, change scaler.Change) error {
	if p.declarations.resource(change.Scaler) == nil {
		return nil
	}
	defer p.statuses.lock(change.Scaler)()
	value, err := replacing(asleepOf(change.Asleep))
	if err != nil {
		return err
	}
	patch, err := json.Marshal(map[string]any{"status": map[string]any{"asleep": value}})
	if err == nil {
		_, err = p.patchStatus(ctx, change.Scaler, types.MergePatchType, patch)
	}
	if err != nil {
		return fmt.Errorf("saving the intent: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.intents[change.Scaler] = intent{change.At, change.Asleep}
	return nil
}

// intent is a state that was saved before a write of 0.
type intent struct {
	at    time.Time
	state asleep.State
}

// latest is the state of an outcome, unless an intent that was saved is of a later poll: the outcomes of the poll before may
// still be on their way.
func (p *publisher) latest(o scaler.Outcome) asleep.State {
	p.mu.Lock()
	defer p.mu.Unlock()
	if i, ok := p.intents[o.Name]; ok && o.AsleepAt.Before(i.at) {
		return i.state
	}
	return o.Asleep
}

// replacing is a status as a merge patch that leaves nothing of the one before.
func replacing(s *v1alpha1.Asleep) (map[string]any, error) {
	value := map[string]any{"since": nil, "intent": nil, "byHand": nil, "waitingSince": nil, "topics": nil, "woken": nil}
	text, err := json.Marshal(s)
	if err == nil {
		err = json.Unmarshal(text, &value)
	}
	return value, err
}

// asleepOf is a state as the status has it; nil when there is nothing to remember.
func asleepOf(s asleep.State) *v1alpha1.Asleep {
	if s.Zero() {
		return nil
	}
	return &v1alpha1.Asleep{
		Since: timeOf(s.Since), Intent: timeOf(s.Intent), ByHand: timeOf(s.ByHand), WaitingSince: timeOf(s.WaitingSince),
		Topics: topicsOf(s.Marks), Woken: topicsOf(s.Woken),
	}
}

func topicsOf(marks []asleep.Mark) []v1alpha1.AsleepTopic {
	var topics []v1alpha1.AsleepTopic
	for _, m := range marks {
		topics = append(topics, v1alpha1.AsleepTopic(m))
	}
	return topics
}

// stateOf is the state that a status has.
func stateOf(s *v1alpha1.Asleep) *asleep.State {
	state := &asleep.State{}
	if s == nil {
		return state
	}
	state.Since, state.Intent, state.ByHand, state.WaitingSince = value(s.Since).Time, value(s.Intent).Time, value(s.ByHand).Time, value(s.WaitingSince).Time
	for _, t := range s.Topics {
		state.Marks = append(state.Marks, asleep.Mark(t))
	}
	for _, t := range s.Woken {
		state.Woken = append(state.Woken, asleep.Mark(t))
	}
	return state
}

func timeOf(t time.Time) *metav1.Time {
	if t.IsZero() {
		return nil
	}
	at := metav1.NewTime(t).Rfc3339Copy()
	return &at
}
