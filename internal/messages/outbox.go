package messages

import (
	"slices"
	"time"
)

const (
	// MostWaiting is how many messages wait for all receivers together, about 1 kB each. Beyond it the oldest are dropped: an outage of an
	// hour in which a hundred scalers change their answer ten times.
	MostWaiting = 1000
	// MostAge is how long a message waits for a receiver.
	MostAge = 24 * time.Hour
)

// Outbox is what is still to be sent, in the order in which it happened.
type Outbox struct {
	Items []Item `json:"items,omitempty"`
	Next  uint64 `json:"next"` // number of the next item
}

// Item is a message and its receivers.
type Item struct {
	Message
	Number uint64   `json:"number"`
	To     []string `json:"to"` // names of the receivers that have not got it
}

// Add takes in a message for its receivers, and returns what had to go for it.
func (o *Outbox) Add(m Message, to []string) (dropped []Item) {
	o.Items = append(o.Items, Item{Message: m, Number: o.Next, To: to})
	o.Next++
	if over := len(o.Items) - MostWaiting; over > 0 {
		return o.drop(over)
	}
	return nil
}

// drop removes the n oldest.
func (o *Outbox) drop(n int) []Item {
	dropped := slices.Clone(o.Items[:n])
	o.Items = slices.Delete(o.Items, 0, n)
	return dropped
}

// Expire removes what waits for too long.
func (o *Outbox) Expire(now time.Time) (dropped []Item) {
	o.Items = slices.DeleteFunc(o.Items, func(i Item) bool {
		old := now.Sub(i.At) > MostAge
		if old {
			dropped = append(dropped, i)
		}
		return old
	})
	return dropped
}

// For are the oldest messages for a receiver whose number is below before, at most n.
func (o *Outbox) For(receiver string, before uint64, n int) []Item {
	var out []Item
	for _, i := range o.Items {
		if len(out) == n || i.Number >= before {
			break
		}
		if slices.Contains(i.To, receiver) {
			out = append(out, i)
		}
	}
	return out
}

// Waiting counts the messages for a receiver; oldest is when the first of them happened.
func (o *Outbox) Waiting(receiver string) (n int, oldest time.Time) {
	for _, i := range o.Items {
		if slices.Contains(i.To, receiver) {
			if n == 0 {
				oldest = i.At
			}
			n++
		}
	}
	return n, oldest
}

// Done notes that a receiver has got messages, or refused them.
func (o *Outbox) Done(receiver string, items []Item) {
	numbers := make(map[uint64]bool, len(items))
	for _, i := range items {
		numbers[i.Number] = true
	}
	o.Items = slices.DeleteFunc(o.Items, func(i Item) bool { return numbers[i.Number] && len(without(i.To, receiver)) == 0 })
	for k := range o.Items {
		if numbers[o.Items[k].Number] {
			o.Items[k].To = without(o.Items[k].To, receiver)
		}
	}
}

// Keep drops the receivers that are not configured any more.
func (o *Outbox) Keep(receivers []string) {
	for k := range o.Items {
		o.Items[k].To = slices.DeleteFunc(slices.Clone(o.Items[k].To), func(name string) bool { return !slices.Contains(receivers, name) })
	}
	o.Items = slices.DeleteFunc(o.Items, func(i Item) bool { return len(i.To) == 0 })
}

func without(list []string, name string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == name })
}
