package messages

import (
	"encoding/json"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// BatchType is the content type of a batch: CloudEvents 1.0.2, JSON event format, section 4; https://cloudevents.io
const BatchType = "application/cloudevents-batch+json; charset=utf-8"

// cloudEvent is a CloudEvent 1.0 in the JSON event format.
type cloudEvent struct {
	SpecVersion     string `json:"specversion"`
	ID              string `json:"id"`
	Source          string `json:"source"`
	Type            string `json:"type"`
	Subject         string `json:"subject,omitempty"`
	Time            string `json:"time"`
	DataContentType string `json:"datacontenttype"`
	Data            Data   `json:"data"`
}

// typePrefix is before the kind.
const typePrefix = "io.lagscaler."

// CloudEvents is a batch of CloudEvents. source says which installation of lagscaler it comes from: together with it an id is unique.
func CloudEvents(source string, items []Item) ([]byte, error) {
	all := make([]cloudEvent, len(items))
	for i, m := range items {
		all[i] = cloudEvent{
			SpecVersion: "1.0", ID: m.ID, Source: source, Type: typePrefix + string(m.Data.Kind), Subject: subject(&m.Data),
			Time: m.At.UTC().Format(time.RFC3339Nano), DataContentType: "application/json", Data: m.Data,
		}
	}
	return json.Marshal(all)
}

// printable replaces what a CloudEvent may not have in an attribute: control characters, and what is not UTF-8.
func printable(r rune) rune {
	if unicode.IsControl(r) {
		return utf8.RuneError
	}
	return r
}

// subject is whom it concerns.
func subject(d *Data) string {
	switch {
	case d.Kind == Rebalance && len(d.Groups) > 0:
		return strings.Map(printable, d.Groups[0].Cluster+"/"+d.Groups[0].Group)
	case d.Scaler != "":
		return d.Scaler
	}
	return "all"
}
