package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
)

// house holds the files of one package against the rules of the house:
//
//   - nothing below cmd asks the operating system for the time or knows os,
//     but for the openers;
//   - no init functions;
//   - no variables of a package, but errors, compiled regular expressions,
//     embedded files, assertions that a type has an interface, and tables:
//     literals that nothing in the package writes to.
type house struct {
	files  *token.FileSet
	cmd    bool
	parsed []*ast.File
	tables map[string]token.Pos
	wrong  []string
}

// add parses a file; name is relative to the module.
func (h *house) add(name string, text []byte) error {
	f, err := parser.ParseFile(h.files, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err == nil {
		h.parsed = append(h.parsed, f)
	}
	return err
}

// inspect returns what is wrong, one line each.
func (h *house) inspect() []string {
	h.tables = map[string]token.Pos{}
	for _, f := range h.parsed {
		if !h.cmd {
			h.system(f)
		}
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil && d.Name.Name == "init" {
					h.complain(d.Pos(), "an init function")
				}
			case *ast.GenDecl:
				if d.Tok == token.VAR {
					h.variables(d)
				}
			}
		}
	}
	for _, f := range h.parsed {
		ast.Inspect(f, h.writes)
	}
	return h.wrong
}

func (h *house) complain(at token.Pos, format string, args ...any) {
	h.wrong = append(h.wrong, fmt.Sprintf("%s: %s", h.files.Position(at), fmt.Sprintf(format, args...)))
}

// system looks for the operating system and its clock.
func (h *house) system(f *ast.File) {
	clock := ""
	for _, i := range f.Imports {
		path, _ := strconv.Unquote(i.Path.Value)
		name := h.files.Position(i.Pos()).Filename
		switch {
		case path == "time" && i.Name != nil:
			clock = i.Name.Name
		case path == "time":
			clock = "time"
		case path == "os" && !slices.Contains(openers[:], name):
			h.complain(i.Pos(), "imports os")
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		s, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if x, ok := s.X.(*ast.Ident); ok && clock != "" && x.Name == clock && slices.Contains(clocks[:], s.Sel.Name) {
			h.complain(s.Pos(), "asks the operating system for the time: %s.%s", x.Name, s.Sel.Name)
		}
		return true
	})
}

// variables judges one var declaration of the package.
func (h *house) variables(d *ast.GenDecl) {
	for _, s := range d.Specs {
		v := s.(*ast.ValueSpec)
		for i, name := range v.Names {
			if name.Name == "_" || embedded(d, v) {
				continue
			}
			if len(v.Values) != len(v.Names) {
				h.complain(name.Pos(), "variable %s of a package has no value of its own", name.Name)
				continue
			}
			switch x := v.Values[i].(type) {
			case *ast.CompositeLit:
				if strings.HasPrefix(typeName(x.Type), "sync.") {
					h.complain(name.Pos(), "variable %s of a package is made to be written to", name.Name)
				}
				h.tables[name.Name] = name.Pos()
			case *ast.BasicLit:
				h.tables[name.Name] = name.Pos()
			case *ast.CallExpr:
				if made := typeName(x.Fun); made != "errors.New" && made != "fmt.Errorf" && made != "regexp.MustCompile" {
					h.complain(name.Pos(), "variable %s of a package is made by %s", name.Name, made)
				}
			default:
				h.complain(name.Pos(), "variable %s of a package is no table, error or regular expression", name.Name)
			}
		}
	}
}

// embedded reports whether go:embed fills the variable.
func embedded(d *ast.GenDecl, v *ast.ValueSpec) bool {
	for _, doc := range [...]*ast.CommentGroup{d.Doc, v.Doc} {
		if doc != nil && slices.ContainsFunc(doc.List, func(c *ast.Comment) bool { return strings.HasPrefix(c.Text, "//go:embed ") }) {
			return true
		}
	}
	return false
}

// typeName is "pkg.Name" or "Name" of an expression that is one.
func typeName(x ast.Expr) string {
	switch x := x.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.SelectorExpr:
		return typeName(x.X) + "." + x.Sel.Name
	}
	return ""
}

// writes looks for what changes a table, or lends it to who may. It goes by
// names: a local variable had better not have a table's.
func (h *house) writes(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.AssignStmt:
		if n.Tok != token.DEFINE {
			for _, x := range n.Lhs {
				h.written(x)
			}
		}
	case *ast.IncDecStmt:
		h.written(n.X)
	case *ast.UnaryExpr:
		if n.Op == token.AND {
			h.written(n.X)
		}
	case *ast.CallExpr:
		if f := typeName(n.Fun); (f == "delete" || f == "clear" || f == "copy") && len(n.Args) > 0 {
			h.written(n.Args[0])
		}
	}
	return true
}

func (h *house) written(x ast.Expr) {
	at := x.Pos()
	for {
		switch y := x.(type) {
		case *ast.IndexExpr:
			x = y.X
		case *ast.SelectorExpr:
			x = y.X
		case *ast.ParenExpr:
			x = y.X
		case *ast.StarExpr:
			x = y.X
		case *ast.SliceExpr:
			x = y.X
		case *ast.Ident:
			if _, ok := h.tables[y.Name]; ok {
				h.complain(at, "table %s of the package is written to", y.Name)
			}
			return
		default:
			return
		}
	}
}
