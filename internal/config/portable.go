package config

import (
	"bytes"
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// mounts is where the pods of the chart have the Secrets of its value `secrets`: a folder for each, and in it a file for each key.
const mounts = "/etc/lagscaler/secrets/"

// Portable are the settings of a cluster for the configuration of another machine, on which only Secrets of Kubernetes are known.
type Portable struct {
	Text    string   // YAML: all fields but name and brokers that are not at their default; empty: there are none
	Keys    []Key    // that a new Secret must have
	Mounted []string // other Secrets of which files are named already
	Notes   []string // what the text cannot say, one sentence each
}

// Key is a key of a Secret.
type Key struct {
	Name  string
	Field string // that needs it, such as sasl.passwordFile
	File  string // of this machine, in which its value is; empty: the value was in no file
	Env   bool   // the field reads an environment variable of this name, so the Secret must be in the chart's value `secretEnv`
}

// Portable returns the settings of the cluster, for pods that have a Secret of this name. No password and no other secret is in
// it, nor what a file holds: the text names files of mounted Secrets. env begins the names of environment variables.
//
//	field                                          becomes
//	a file (caFile, passwordFile, …)               a file of the Secret, with the last part of its name as the key
//	a secret that is no file (password, …)         the field that names a file: passwordFile
//	a file below /etc/lagscaler/secrets            as it is; Mounted has the Secret
//	a token (tokenFile, clientAssertionFile, …)    as it is, with a note: tokens are projected into a pod, and a copy would expire
//	a URL with a user or a query (tokenURL)        ${VAR}: these may be secret
//	aws.profile                                    nothing, with a note: it is in files of this machine
func (c Cluster) Portable(secret, env string) (Portable, error) {
	var n, plain yaml.Node
	if err := n.Encode(c); err != nil {
		return Portable{}, fmt.Errorf("cluster %s: %w", c.Name, err)
	}
	var unset Cluster
	unset.setDefaults()
	if err := plain.Encode(unset); err != nil {
		return Portable{}, fmt.Errorf("cluster %s: %w", c.Name, err)
	}
	prune(&n)
	w := &carrier{secret: mounts + secret + "/", env: env, urls: map[string]bool{}}
	if c.SASL != nil && c.SASL.OAuth != nil {
		url := c.SASL.OAuth.TokenURL
		w.urls["sasl.oauth.tokenURL"] = url.String() != string(url)
	}
	w.mapping(&n, "")
	kept := n.Content[:0]
	for i := 0; i+1 < len(n.Content); i += 2 {
		if key := n.Content[i].Value; key != "name" && key != "brokers" && !same(n.Content[i+1], field(&plain, key)) {
			kept = append(kept, n.Content[i:i+2]...)
		}
	}
	if n.Content = kept; len(kept) == 0 {
		return w.out, nil
	}
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(&n); err != nil {
		return Portable{}, fmt.Errorf("cluster %s: %w", c.Name, err)
	}
	w.out.Text = b.String()
	return w.out, nil
}

func field(n *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// same reports whether two encoded values are the same scalar.
func same(a, b *yaml.Node) bool {
	return b != nil && a.Kind == yaml.ScalarNode && b.Kind == yaml.ScalarNode && a.Value == b.Value
}

// carrier rewrites the encoded settings of a cluster.
type carrier struct {
	secret string          // the folder of the new Secret
	env    string          // with which the names of environment variables begin
	urls   map[string]bool // the fields with a URL that may hold a secret
	out    Portable
}

func (w *carrier) mapping(n *yaml.Node, at string) {
	kept := n.Content[:0]
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if w.entry(n, key, value, join(at, key.Value)) {
			kept = append(kept, key, value)
		}
	}
	if n.Content = kept; len(kept) == 0 {
		n.Style = yaml.FlowStyle // tls: {}
	}
}

// entry rewrites one field. It returns false if the field is left out.
func (w *carrier) entry(of, key, value *yaml.Node, at string) bool {
	switch {
	case value.Kind == yaml.MappingNode:
		w.mapping(value, at)
	case value.Kind == yaml.SequenceNode:
		for _, one := range value.Content {
			escape(one)
		}
	case field(of, key.Value+"File") != nil:
		return false // what the file held when it was read
	case value.Value == hiddenSecret:
		key.Value += "File"
		value.Value = w.secret + w.key(Key{Name: key.Value[:len(key.Value)-len("File")], Field: at + "File"})
	case w.urls[at]:
		value.Value, value.Style = "${"+w.key(Key{Name: w.env + "_TOKEN_URL", Field: at, Env: true})+"}", yaml.DoubleQuotedStyle
	case strings.HasSuffix(key.Value, "File"):
		value.Value = w.file(value.Value, at)
	case at == "sasl.aws.profile":
		w.note("%s %s is left out, because it is in files of this machine: the pod has the credentials of its service account", at, value.Value)
		return false
	case at == "tls.insecureSkipVerify" && value.Value == "false":
		return false
	default:
		escape(value)
	}
	return true
}

func (w *carrier) note(format string, args ...any) {
	w.out.Notes = append(w.out.Notes, fmt.Sprintf(format, args...))
}

// tokens are the fields whose files are written anew while they are used.
var tokens = []string{"sasl.tokenFile", "sasl.oauth.clientAssertionFile", "sasl.aws.webIdentityTokenFile"}

// file is the name of a file in the pod.
func (w *carrier) file(name, at string) string {
	if below, ok := strings.CutPrefix(name, mounts); ok {
		if of, _, ok := strings.Cut(below, "/"); ok && !slices.Contains(w.out.Mounted, of) {
			w.out.Mounted = append(w.out.Mounted, of)
		}
		return name
	}
	if slices.Contains(tokens, at) {
		w.note("%s: the pod needs this file, for example as a projected token (extraVolumes and extraVolumeMounts of the chart)", at)
		return name
	}
	return w.secret + w.key(Key{Name: filepath.Base(name), Field: at, File: name})
}

// noKey is what the key of a Secret cannot have.
var noKey = regexp.MustCompile(`[^-._a-zA-Z0-9]+`)

// key returns the name of a key of the Secret. Two fields with the same file have the same key.
func (w *carrier) key(k Key) string {
	if k.Name = strings.TrimLeft(noKey.ReplaceAllString(k.Name, "-"), "."); k.Name == "" {
		k.Name = k.Field
	}
	for i := range w.out.Keys {
		switch other := &w.out.Keys[i]; {
		case other.Name != k.Name:
		case k.File != "" && other.File == k.File:
			return k.Name
		default:
			k.Name = k.Field // which no other key has
		}
	}
	w.out.Keys = append(w.out.Keys, k)
	return k.Name
}

// unescaped is what the configuration takes for a reference to an environment variable.
var unescaped = regexp.MustCompile(`\$\{[^}]*\}`)

// escape makes a text that looks like a reference to an environment variable stay as it is.
func escape(n *yaml.Node) {
	n.Value = unescaped.ReplaceAllStringFunc(n.Value, func(ref string) string { return "$" + ref })
}

// MountedAt is the file of a key of a Secret in the pods of the chart.
func MountedAt(secret, key string) string { return path.Join(mounts, secret, key) }
