package lex

import (
	"bytes"
	"go/scanner"
	"go/token"
	"os"
	"path/filepath"
	"testing"
)

// TestGoScanner compares the views of this package's own sources with what the
// scanner of the Go compiler's tools finds.
func TestGoScanner(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no sources: %v", err)
	}
	for _, path := range files {
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		strs, coms := make([]byte, len(src)), make([]byte, len(src))
		blankOut(strs, src, nil)
		blankOut(coms, src, nil)
		file := token.NewFileSet().AddFile(path, -1, len(src))
		var s scanner.Scanner
		s.Init(file, src, func(at token.Position, msg string) { t.Errorf("%s: %s", at, msg) }, scanner.ScanComments)
		for {
			pos, tok, lit := s.Scan()
			if tok == token.EOF {
				break
			}
			at := file.Offset(pos)
			switch tok {
			case token.COMMENT:
				copy(coms[at:], lit)
			case token.STRING, token.CHAR:
				copy(strs[at+1:], lit[1:len(lit)-1])
			}
		}
		var v Views
		Split(Go, src, &v)
		if !bytes.Equal(v.Comments, coms) {
			t.Errorf("%s: comments differ", path)
		}
		if !bytes.Equal(v.Strings, strs) {
			t.Errorf("%s: strings differ", path)
		}
	}
}
