package webhook_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"testing"
)

// TestConstantTime reads the source: signatures are compared by hmac.Equal and by nothing else, and every secret is tried whatever came of those before it. What a
// clock says about it depends on the machine; this does not.
func TestConstantTime(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "webhook.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var signed *ast.FuncDecl
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name == "signed" {
			signed = f
		}
	}
	if signed == nil {
		t.Fatal("there is no function signed")
	}
	equal, loops := 0, 0
	ast.Inspect(signed, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.RangeStmt:
			loops++
			ast.Inspect(n.Body, func(n ast.Node) bool {
				switch n.(type) {
				case *ast.ReturnStmt, *ast.BranchStmt:
					t.Error("the secrets are not all tried")
				}
				return true
			})
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok {
				switch x.Name + "." + n.Sel.Name {
				case "hmac.Equal":
					equal++
				case "bytes.Equal", "bytes.Compare", "bytes.HasPrefix", "strings.EqualFold", "strings.Compare":
					t.Errorf("signatures are compared by %s.%s", x.Name, n.Sel.Name)
				}
			}
		case *ast.BinaryExpr:
			for _, side := range []ast.Expr{n.X, n.Y} {
				if id, ok := side.(*ast.Ident); ok && (id.Name == "want" || id.Name == "got" || id.Name == "digits") {
					t.Errorf("%s is compared by %s", id.Name, n.Op)
				}
			}
		}
		return true
	})
	if equal != 1 || loops != 1 {
		t.Errorf("%d comparisons by hmac.Equal in %d loops over the secrets, want one each", equal, loops)
	}
}
