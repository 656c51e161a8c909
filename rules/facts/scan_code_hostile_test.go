package facts

import (
	"strings"
	"testing"
)

// BenchmarkHostile scans a megabyte of each source that makes scanners look far: all are read in about a second at most. Measured with
//
//	go test -run xxx -bench Hostile ./rules/facts
func BenchmarkHostile(b *testing.B) {
	for _, tt := range []struct{ name, path, unit string }{
		{"catch", "a.js", "catch(e){"}, {"err", "a.js", "(err"}, {"arrow", "a.js", "a=>{"}, {"arrows", "a.ts", "a = b => "}, {"it", "a.test.js", "it(x "}, {"mid", "a.py", "mid = a "}, {"next", "a.js", "a.next "}, {"class", "a.java", "class A "}, {"brace", "a.cs", "a(){"},
		{"def", "a.py", "def f():\n"}, {"rescue", "a.rb", "x rescue y "}, {"func", "a.go", "func a( struct {"}, {"prototype", "a.js", "A.prototype "}, {"gunicorn", "a.yml", "run: gunicorn air "}, {"order", "a.py", "# O(n O(n "}, {"expect", "a.test.js", "it('a') expect( "}, {"impl", "a.rs", "impl A for B "}, {"paren", "a.c", "a(b)"},
	} {
		content := []byte(strings.Repeat(tt.unit, 1<<20/len(tt.unit)))
		b.Run(tt.name, func(b *testing.B) {
			sc := NewScanner(nil)
			b.SetBytes(int64(len(content)))
			for b.Loop() {
				sc.Scan(tt.path, content)
			}
		})
	}
}
