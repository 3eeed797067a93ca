package config

import (
	"strings"
	"testing"
)

func TestAPasswordThatLooksLikeAnAnchor(t *testing.T) {
	_, err := Parse([]byte("clusters:\n- name: a\n  sasl: {password: *hunter2}\n"), testEnv())
	if want := "lagscaler.yaml: line 3: not YAML: a value that begins with * needs quotes"; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

// A secret is in no error about a configuration file, whatever is wrong with the value or beside it.
func TestNoMistakePrintsASecret(t *testing.T) {
	const mark = "hunter2"
	values := []string{
		mark, "*" + mark, "&" + mark, "!" + mark, "!!int " + mark, "%" + mark, "@" + mark, "`" + mark, "'" + mark, `"` + mark, `"\` + mark + `"`,
		"[" + mark + "]", "{" + mark + ": " + mark + "}", "{" + mark, "[" + mark, "a: " + mark, "|\n" + mark, "|9 " + mark, "${" + "X}" + mark, "ftp://user:" + mark + "@login?key=" + mark,
		"https://user:" + mark + "@lo gin/?" + mark, "https://user:" + mark + "@login:port/", "://" + mark,
	}
	for _, field := range []string{
		"sasl: {mechanism: PLAIN, username: u, password: VALUE}",
		"sasl: {mechanism: PLAIN, password: VALUE}",
		"sasl: {mechanism: AWS_MSK_IAM, password: VALUE}",
		"sasl: {mechanism: PLAIN, username: u, passwordFile: pw, password: VALUE}",
		"sasl:\n    mechanism: PLAIN\n    username: u\n    password: VALUE\n    x: 1",
		"sasl:\n    mechanism: OAUTHBEARER\n    oauth:\n      tokenURL: VALUE\n      clientId: c\n      clientSecret: s\n      x: 1",
		"sasl:\n    mechanism: OAUTHBEARER\n    oauth:\n      tokenURL: https://login\n      clientId: c\n      clientSecret: VALUE\n      x: 1",
		"sasl: {mechanism: PLAIN, oauth: {tokenURL: VALUE, clientSecret: VALUE}}",
	} {
		for _, value := range values {
			text := "clusters:\n  - name: a\n    brokers: [a:1]\n    " + strings.ReplaceAll(field, "VALUE", value) + "\n"
			_, err := Parse([]byte(text), testEnv())
			if err != nil && strings.Contains(err.Error(), mark) {
				t.Errorf("%s\nsays %v", text, err)
			}
		}
	}
}
