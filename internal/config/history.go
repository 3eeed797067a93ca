package config

import (
	"net/url"
	"regexp"
)

// matchers is a list of label matchers of PromQL, without braces.
var matchers = regexp.MustCompile(`^\s*[a-zA-Z_][a-zA-Z0-9_]*\s*(=|!=|=~|!~)\s*"([^"\\]|\\.)*"\s*(,\s*[a-zA-Z_][a-zA-Z0-9_]*\s*(=|!=|=~|!~)\s*"([^"\\]|\\.)*"\s*)*$`)

func (v *validator) history(h *History) {
	if h == nil {
		return
	}
	at, err := url.Parse(string(h.Prometheus))
	switch {
	case h.Prometheus == "":
		v.require("history.prometheus", true, "the address of a Prometheus, such as http://prometheus.monitoring:9090")
	case err != nil || at.Scheme != "http" && at.Scheme != "https" || at.Host == "" || at.RawQuery != "":
		v.addProblem("history.prometheus", "must be an address such as http://prometheus.monitoring:9090, without a query")
	case at.Scheme == "http" && h.TLS != nil:
		v.addProblem("history.tls", "is for an address that begins with https")
	}
	if v.has("history.matchers") && !matchers.MatchString(h.Matchers) {
		v.addProblem("history.matchers", `must be label matchers without braces, such as namespace="lagscaler",job=~"lag.*"`)
	}
	v.serverTLS("history.tls", h.TLS)
}
