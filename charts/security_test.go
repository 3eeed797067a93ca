package charts_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/kube/access"
)

// TestPermissionsInSecurityDoc compares the tables of docs/security.md with the permissions that the code uses.
func TestPermissionsInSecurityDoc(t *testing.T) {
	const file, begin, end = "../docs/security.md", "<!-- rights: go test ./charts -update -->\n", "<!-- /rights -->"
	page := read(t, file)
	before, rest, ok := bytes.Cut(page, []byte(begin))
	have, after, closed := bytes.Cut(rest, []byte(end))
	if !ok || !closed {
		t.Fatalf("%s has no place for the rights", file)
	}
	want := permissionTables()
	if *update {
		if err := os.WriteFile(file, bytes.Join([][]byte{before, []byte(begin), []byte(want), []byte(end), after}, nil), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(have) != want {
		t.Errorf("%s does not explain the rights that the code uses: go test ./charts -update", file)
	}
}

// permissionTables is a table for every mode, with the permissions that this mode adds to the previous one.
func permissionTables() string {
	var b strings.Builder
	weaker := map[string]bool{}
	for _, mode := range []scaler.Mode{scaler.Observe, scaler.Advise, scaler.Act} {
		fmt.Fprintf(&b, "\n### %s\n\n| verbs | resource | namespace | reason |\n|---|---|---|---|\n", mode)
		for _, r := range access.Permissions(mode) {
			on := strings.TrimPrefix(r.Group+"/"+r.Resource, "/")
			if weaker[on+string(r.Place)] {
				continue
			}
			weaker[on+string(r.Place)] = true
			where := "every watched namespace"
			if r.Place == access.Own {
				where = "the namespace of the release"
			}
			fmt.Fprintf(&b, "| %s | `%s` | %s | %s |\n", strings.Join(r.Verbs, ", "), on, where, r.Why)
		}
	}
	b.WriteString("\n### strimzi\n\nOnly with entries of `strimzi` in the configuration, in every mode, and only by a Role in the namespace of each entry:\n\n| verbs | resource | namespace | reason |\n|---|---|---|---|\n")
	for _, r := range access.OfStrimzi {
		on := strings.TrimPrefix(r.Group+"/"+r.Resource, "/")
		if r.Resource == "secrets" {
			on += "` named `user"
		}
		fmt.Fprintf(&b, "| %s | `%s` | that of the entry | %s |\n", strings.Join(r.Verbs, ", "), on, r.Why)
	}
	b.WriteString("\n")
	return b.String()
}
