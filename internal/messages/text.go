package messages

import (
	"encoding/json"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lagscaler/lagscaler/internal/engine"
)

// The limits of incoming webhooks, in characters. Slack cuts a text after 40,000, and advises 4,000:
// https://docs.slack.dev/reference/methods/chat.postMessage#truncating. Mattermost takes 16,383. So a post has at most MostText, and a
// message at most mostLine of it. Blocks, which have limits of their own, are not used: a text is what every receiver of this kind takes.
const (
	MostText = 4000
	mostLine = 1000
)

// Text is a post of the first of the messages that fit, a line each, and how many these are: at least one.
func Text(items []Item) (body []byte, n int, err error) {
	var lines []string
	left := MostText
	for i := range items {
		line := line(&items[i].Data)
		if i > 0 && utf8.RuneCountInString(line)+1 > left {
			break
		}
		left -= utf8.RuneCountInString(line) + 1
		lines = append(lines, line)
	}
	body, err = json.Marshal(map[string]string{"text": strings.Join(lines, "\n")})
	return body, len(lines), err
}

// line is a message in one line, cut if it is too long. Names of groups come from whoever may create them: they are neither markup nor
// mentions. https://docs.slack.dev/messaging/formatting-message-text#escaping
func line(d *Data) string {
	text := strings.Join(append([]string{d.Line}, engine.LabelPairs(d.Owners)...), " ")
	var out strings.Builder
	n := 0
	for _, r := range text {
		piece := string(r)
		switch {
		case r == '&':
			piece = "&amp;"
		case r == '<':
			piece = "&lt;"
		case r == '>':
			piece = "&gt;"
		case r == utf8.RuneError || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029':
			piece = " "
		}
		if n += utf8.RuneCountInString(piece); n > mostLine-1 {
			out.WriteString("…")
			break
		}
		out.WriteString(piece)
	}
	return out.String()
}
