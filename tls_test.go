package lagscaler_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"testing"
)

// Every TLS configuration, of a server or a client, names the least version, and that is 1.2 or later. The default of Go would do; who
// reads the code need not know it, and a variable of the environment changes it.
func TestTLSIsNotOld(t *testing.T) {
	allowed := []string{"tls.VersionTLS12", "tls.VersionTLS13"}
	found := 0
	for _, p := range listPackages(t) {
		if !slices.Contains(p.Imports, "crypto/tls") {
			continue
		}
		for _, name := range p.GoFiles {
			file := filepath.Join(p.Dir, name)
			text, set := read(t, file), token.NewFileSet()
			tree, err := parser.ParseFile(set, file, text, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			source := func(n ast.Node) string { return text[set.Position(n.Pos()).Offset:set.Position(n.End()).Offset] }
			ast.Inspect(tree, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.CompositeLit:
					if n.Type == nil || source(n.Type) != "tls.Config" {
						break
					}
					found++
					least := slices.IndexFunc(n.Elts, func(e ast.Expr) bool {
						field, ok := e.(*ast.KeyValueExpr)
						return ok && source(field.Key) == "MinVersion" && slices.Contains(allowed, source(field.Value))
					})
					if least < 0 {
						t.Errorf("%s: a TLS configuration without MinVersion: %v", set.Position(n.Pos()), allowed)
					}
				case *ast.SelectorExpr:
					if v := source(n); v == "tls.VersionTLS10" || v == "tls.VersionTLS11" || v == "tls.VersionSSL30" {
						t.Errorf("%s: %s is not safe", set.Position(n.Pos()), v)
					}
				}
				return true
			})
		}
	}
	if found == 0 {
		t.Error("no TLS configuration was found: the test looks for the wrong thing")
	}
}
