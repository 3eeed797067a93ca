package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// mutant is a file with one small mistake: the bytes from start to end are replaced.
type mutant struct {
	file       string
	line       int
	start, end int
	text       string
	was, is    string // the lines, before and after
}

func (m mutant) String() string {
	return fmt.Sprintf("%s:%d:\n\t- %s\n\t+ %s", m.file, m.line, m.was, m.is)
}

// folder is the mutant's package, for the go command.
func (m mutant) folder() string { return "./" + filepath.ToSlash(filepath.Dir(m.file)) }

// mutated is the text of the file with the mistake.
func (m mutant) mutated(text []byte) []byte {
	return bytes.Join([][]byte{text[:m.start], []byte(m.text), text[m.end:]}, nil)
}

// finder collects the mutants of one file.
type finder struct {
	file  string
	text  []byte
	set   *token.FileSet
	found []mutant
}

// isRoom reports whether a node is the capacity in a call of make: what it is changes no result.
func isRoom(n ast.Node, parent *ast.CallExpr) bool {
	if id, ok := parent.Fun.(*ast.Ident); !ok || id.Name != "make" || len(parent.Args) < 2 {
		return false
	}
	_, isMap := parent.Args[0].(*ast.MapType)
	return len(parent.Args) == 3 && n == parent.Args[2] || isMap && n == parent.Args[1]
}

// mutantsOf are all mutants of a file, in the order of their places.
func mutantsOf(file string) ([]mutant, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	f := &finder{file: file, text: text, set: token.NewFileSet()}
	tree, err := parser.ParseFile(f.set, file, text, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	room := map[ast.Node]bool{}
	ast.Inspect(tree, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			for _, argument := range call.Args {
				room[argument] = isRoom(argument, call)
			}
		}
		if room[n] {
			return false
		}
		f.visit(n)
		return n == nil || !isImport(n)
	})
	return f.found, nil
}

func isImport(n ast.Node) bool {
	d, ok := n.(*ast.GenDecl)
	return ok && d.Tok == token.IMPORT
}

func (f *finder) visit(n ast.Node) {
	switch n := n.(type) {
	case *ast.IfStmt:
		f.negate(n.Cond)
	case *ast.SwitchStmt:
		f.negateCases(n)
	case *ast.BinaryExpr:
		f.operator(n)
	case *ast.BasicLit:
		f.number(n)
	case *ast.Ident:
		f.name(n)
	case *ast.BlockStmt:
		f.statements(n.List)
	case *ast.CaseClause:
		f.statements(n.Body)
	case *ast.CompositeLit:
		f.rows(n)
	}
}

// negateCases negates the conditions of a switch without a value.
func (f *finder) negateCases(s *ast.SwitchStmt) {
	if s.Tag != nil {
		return
	}
	for _, c := range s.Body.List {
		if clause, ok := c.(*ast.CaseClause); ok {
			for _, condition := range clause.List {
				f.negate(condition)
			}
		}
	}
}

func (f *finder) negate(condition ast.Expr) {
	if e, ok := condition.(*ast.BinaryExpr); ok && (e.Op == token.EQL || e.Op == token.NEQ) {
		return // the operator is negated
	}
	f.replace(condition, "!("+f.source(condition)+")")
}

// operators are what an operator is taken for.
var operators = map[token.Token]token.Token{
	token.LSS: token.LEQ, token.LEQ: token.LSS, token.GTR: token.GEQ, token.GEQ: token.GTR,
	token.EQL: token.NEQ, token.NEQ: token.EQL, token.LAND: token.LOR, token.LOR: token.LAND,
	token.ADD: token.SUB, token.SUB: token.ADD, token.MUL: token.QUO, token.QUO: token.MUL,
}

func (f *finder) operator(e *ast.BinaryExpr) {
	if other, ok := operators[e.Op]; ok {
		start := f.offset(e.OpPos)
		f.add(start, start+len(e.Op.String()), other.String())
	}
}

// number makes a number ten times as large, 0 one, and one two.
func (f *finder) number(l *ast.BasicLit) {
	switch {
	case l.Kind == token.INT && l.Value == "0":
		f.replace(l, "1")
	case l.Kind == token.INT && l.Value == "1":
		f.replace(l, "2")
	case l.Kind == token.INT || l.Kind == token.FLOAT:
		if v, err := strconv.ParseFloat(strings.ReplaceAll(l.Value, "_", ""), 64); err == nil {
			f.replace(l, strconv.FormatFloat(10*v, 'f', -1, 64))
		}
	}
}

// names are what a predeclared name is taken for.
var names = map[string]string{"true": "false", "false": "true", "min": "max", "max": "min"}

func (f *finder) name(id *ast.Ident) {
	if other, ok := names[id.Name]; ok {
		f.replace(id, other)
	}
}

// statements leaves out a statement: a call, an assignment (what is assigned is still computed), a jump.
func (f *finder) statements(list []ast.Stmt) {
	for _, s := range list {
		switch s := s.(type) {
		case *ast.ExprStmt, *ast.IncDecStmt, *ast.BranchStmt:
			f.replace(s, "")
		case *ast.AssignStmt:
			if s.Tok != token.DEFINE && f.source(s.Lhs[0]) != "_" {
				blanks := strings.TrimSuffix(strings.Repeat("_, ", len(s.Lhs)), ", ")
				f.add(f.offset(s.Pos()), f.offset(s.Rhs[0].Pos()), blanks+" = ")
			}
		}
	}
}

// rows leaves out a row of a table.
func (f *finder) rows(l *ast.CompositeLit) {
	if list, ok := l.Type.(*ast.ArrayType); !ok || list.Len != nil {
		return
	}
	for _, row := range l.Elts {
		if _, ok := row.(*ast.CompositeLit); !ok {
			continue
		}
		start, end := f.offset(row.Pos()), f.offset(row.End())
		if end < len(f.text) && f.text[end] == ',' {
			end++
		}
		f.add(start, end, "")
	}
}

func (f *finder) source(n ast.Node) string {
	return string(f.text[f.offset(n.Pos()):f.offset(n.End())])
}
func (f *finder) offset(p token.Pos) int { return f.set.Position(p).Offset }

func (f *finder) replace(n ast.Node, text string) { f.add(f.offset(n.Pos()), f.offset(n.End()), text) }

func (f *finder) add(start, end int, text string) {
	m := mutant{file: f.file, line: 1 + bytes.Count(f.text[:start], []byte("\n")), start: start, end: end, text: text}
	first := bytes.LastIndexByte(f.text[:start], '\n') + 1
	last := end
	if n := bytes.IndexByte(f.text[end:], '\n'); n >= 0 {
		last += n
	}
	after := m.mutated(f.text)
	m.was = oneLine(f.text[first:last])
	m.is = oneLine(after[first : last+len(after)-len(f.text)])
	f.found = append(f.found, m)
}

func oneLine(text []byte) string { return strings.Join(strings.Fields(string(text)), " ") }
