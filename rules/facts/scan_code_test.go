package facts

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// factsOf scans content and prints the facts of some kinds as "kind name value scope line-end".
func factsOf(path, content string, kinds ...Kind) []string {
	var out []string
	for _, f := range NewScanner(nil).Scan(path, []byte(content)).Facts {
		for _, k := range kinds {
			if f.Kind == k {
				out = append(out, strings.Join(strings.Fields(fmt.Sprintf("%s|%s|%s|%s|%d-%d", f.Kind, f.Name, f.Value, f.Scope, f.Line, f.LastLine())), " "))
			}
		}
	}
	return out
}

func TestDeclarations(t *testing.T) {
	t.Parallel()
	tests := []struct {
		path, source string
		want         []string
	}{
		{"a.js", "const add = (a, b) => a + b;\nasync function go(x) {\n  return x;\n}\nclass A extends B {\n  constructor() { super(); }\n  run() {}\n}\napp.get('/', async (req, res) => {\n  res.end();\n});\nif (x) { }\nmodule.exports = { list(q) { return q } };\n", []string{
			"function|add|||1-1", "function|go|||2-4", "type|A|class|B|5-8", "function|constructor||A|6-6", "function|run|empty|A|7-7", "function||||9-11", "function|list|||13-13",
		}},
		{"a.ts", "export const find: Handler = async (id: string): Promise<User> => {\n  return repo.get(id);\n};\nexport class S implements I<X>, J {\n  private async load({ id }: In): Promise<void> {\n    for (const a of b) { a() }\n  }\n}\ninterface I<T> { run(): void }\n", []string{
			"function|find|||1-3", "type|S|class|I<X>,J|4-8", "function|load||S|5-7", "type|I|interface||9-9",
		}},
		{"a.js", "function Stack() { this.n = 0; }\nStack.prototype.push = function (x) { this.n++; };\n", []string{"function|Stack|||1-1", "type|Stack|prototype||2-2", "function|push||" + "|2-2"}},
		{"a.py", "class A(models.Model, Mixin):\n    name = 1\n\n    def run(self):\n        pass\n\nasync def go():\n    def inner():\n        return 1\n    return inner\n", []string{
			"type|A|class|models.Model,Mixin|1-5", "function|run||A|4-5", "function|go|||7-10", "function|inner|||8-9",
		}},
		{"A.java", "@Entity\npublic class A extends B<C> implements D {\n  public A(int x) { this.x = x; }\n  @Override public List<String> names() throws IOException {\n    if (x) { return null; }\n    return new ArrayList<>() {{ add(1); }};\n  }\n}\npublic interface R extends JpaRepository<A, Long> { A findByName(String n); }\nrecord P(int a) {}\n", []string{
			"type|A|class|B<C>,D|2-8", "function|A||A|3-3", "function|names||A|4-7", "type|R|interface|JpaRepository<A, Long>|9-9", "type|P|record||10-10",
		}},
		{"a.kt", "data class P(val a: Int, val b: String)\n\nclass S(private val r: R) : Base(), I {\n    fun one() = r.x()\n    suspend fun two(): Int {\n        return 1\n    }\n}\nfun String.slug(): String = lowercase()\n", []string{
			"type|P|record||1-1", "type|S|class|Base,I|3-8", "function|one||S|4-4", "function|two||S|5-7", "function|slug|||9-9",
		}},
		{"A.cs", "namespace X {\n public class A : Controller, IA where T : class {\n  public int Id { get; set; }\n  public A(IB b) { _b = b; }\n  public async Task<int> Get(int id) => await _b.Get(id);\n  public void Run<T>(T x) where T : class\n  {\n   foreach (var y in z) { y(); }\n  }\n }\n public record P(int A, string B);\n}\n", []string{
			"type|A|class|Controller,IA|2-10", "function|A||A|4-4", "function|Get||A|5-5", "function|Run||A|6-9", "type|P|record||11-11",
		}},
		{"B.cs", "class B : C {\n public B(X x) : base(x) {\n  y = x;\n }\n}\n", []string{"type|B|class|C|1-5", "function|B||B|2-4"}},
		{"build.gradle", "shadowJar {\n transform(AppendingTransformer) {\n  resource = 'reference.conf'\n }\n}\ndef now() {\n x()\n}\n", []string{"function|now|||6-8"}},
		{"a.go", "package a\n\ntype (\n\tRepo struct {\n\t\tgorm.Model\n\t\tdb *DB\n\t}\n)\n\nfunc New(db *DB) *Repo { return &Repo{db: db} }\n\nfunc (r *Repo) Get(id int) (*X, error) {\n\tgo func() { r.x() }()\n\treturn nil, nil\n}\n", []string{
			"type|Repo|struct|gorm.Model|4-7", "function|New|||10-10", "function|Get||Repo|12-15", "function||||13-13",
		}},
		{"a.rb", "module V1\n  class User < ApplicationRecord\n    has_many :x\n\n    def name?\n      true\n    end\n\n    def self.all; end\n  end\nend\n", []string{
			"type|V1|module||1-11", "type|User|class|ApplicationRecord|2-10", "function|name?||User|5-7", "function|self.all||User|9-9",
		}},
		{"a.php", "<?php\nfinal class A extends Model implements B {\n  public function run(): void {\n    $x = function () use ($y) { return 1; };\n  }\n  abstract function no();\n}\nreturn new class extends Migration { public function up() {} };\n", []string{
			"type|A|class|Model,B|2-7", "function|run||A|3-5", "function|||A|4-4", "type||class|Migration|8-8", "function|up|empty||8-8",
		}},
		{"a.rs", "pub struct A { x: i32 }\nimpl<T> Show for A {\n    fn show(&self) -> String { x() }\n}\npub async fn go() {\n}\n", []string{
			"type|A|struct||1-1", "type|A|impl|Show|2-4", "function|show||A|3-3", "function|go|||5-6",
		}},
		{"a.scala", "case class P(a: Int)\nclass S(x: Int) extends B(x) with C {\n  def go(): Int = 1\n}\n", []string{
			"type|P|record||1-1", "type|S|class|B,C|2-4", "function|go||S|3-3",
		}},
		{"a.ex", "defmodule App.User do\n  def run(x) do\n    x\n  end\n\n  defp go, do: 1\nend\n", []string{
			"type|App.User|defmodule||1-7", "function|run||App.User|2-4", "function|go||App.User|6-6",
		}},
		{"a.c", "struct Node { int d; struct Node *next; };\n#define X 1\nint push(struct Node **h, int v) {\n  while (v) { v--; }\n  return 0;\n}\n", []string{"type|Node|struct||1-1", "function|push|||3-6"}},
		{"a.js", "// function no() {}\nconst s = 'class A { b() {} }';\n", nil},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, factsOf(tt.path, tt.source, KindFunction, KindType)); diff != "" {
			t.Errorf("%s\n%s\n-want +got\n%s", tt.path, tt.source, diff)
		}
	}
}

func FuzzDeclarations(f *testing.F) {
	for _, seed := range []string{"a.js\x00class A{b(){}}", "a.py\x00def f():\n  x", "a.go\x00func (a A) b() {", "a.rs\x00impl<T> A for B {", "a.kt\x00class A<T : B>(x: Int) :", "a.cs\x00record A(int x)", "a.rb\x00class A <"} {
		f.Add(seed)
	}
	sc := NewScanner(nil)
	f.Fuzz(func(t *testing.T, in string) {
		name, content, _ := strings.Cut(in, "\x00")
		got := sc.Scan(name, []byte(content))
		for _, fact := range got.Facts {
			if fact.Line < 0 || fact.Line > len(content)+1 || fact.End > len(content)+1 {
				t.Fatalf("fact out of the file: %+v", fact)
			}
		}
	})
}

func TestNextBrace(t *testing.T) {
	t.Parallel()
	code := []byte("yy}{\x7fy a very long line {}{ } \xfb\xfd{x")
	for off := range len(code) + 1 {
		want := bytes.IndexAny(code[off:], "{}")
		if want < 0 {
			want = len(code) - off
		}
		if got := nextBrace(code, off); got != off+want {
			t.Errorf("from %d: %d, want %d", off, got, off+want)
		}
	}
}
