package facts

import (
	"bytes"
	"strconv"
	"strings"
	"sync"

	"milepost/rules/lex"
)

// KindTest is a file with test cases, once for each file. Name is the style ("jest", "pytest", "unittest", "junit", "xunit", "go", "rspec", "minitest", "phpunit",
// "pest", "cargo", "exunit", "scalatest", "spock" ...; "jest" stands for all that have describe and it). Value is "cases/assertions", see [TestCounts]; assertions that
// cannot fail are not counted. Scope is "placeholder" where all cases are those that a generator writes, "detached" where the file imports and
// calls nothing but the test library.
const KindTest Kind = "test"

// TestCounts reads the number of cases and of real assertions of a [KindTest] fact.
func TestCounts(f Fact) (cases, assertions int) {
	c, a, _ := strings.Cut(f.Value, "/")
	cases, _ = strconv.Atoi(c)
	assertions, _ = strconv.Atoi(a)
	return cases, assertions
}

// KindRunner is a test runner that the project file of an editor declares. Name is the style of its tests.
const KindRunner Kind = "runner"

// declaresJUnit reads the libraries of a project of Eclipse, IntelliJ or NetBeans, with which courses of Java work before they meet a build tool.
var declaresJUnit = document{
	applies: func(path, base string) bool {
		return base == ".classpath" || strings.HasSuffix(base, ".iml") || strings.HasSuffix(path, "nbproject/project.properties")
	},
	scan: func(s *Source) {
		for _, name := range []string{"JUNIT_CONTAINER", "junit", "JUnit"} {
			if i := bytes.Index(s.Raw, []byte(name)); i >= 0 {
				s.Emit(Fact{Kind: KindRunner, Name: "junit", Line: s.LineOf(i)})
				return
			}
		}
	},
}

var testScanners = []scanner{
	{langs: scriptLangs, triggers: []string{"it(", "test(", "it.", "test.", "specify("}, scan: testsOf(scriptStyle)},
	{langs: langs(lex.Python), triggers: []string{"def test"}, scan: testsOf(pythonStyle)},
	{langs: langs(lex.Java, lex.Kotlin, lex.Groovy), triggers: []string{"@Test", "@ParameterizedTest", "@RepeatedTest"}, scan: testsOf(junitStyle)},
	{langs: langs(lex.Kotlin), triggers: []string{": FunSpec", ": StringSpec", ": DescribeSpec", ": BehaviorSpec", ": ShouldSpec", ": FreeSpec", ": Spek(", "import io.kotest"}, scan: testsOf(kotestStyle)},
	{langs: langs(lex.Groovy), triggers: []string{"extends Specification"}, scan: testsOf(spockStyle)},
	{langs: langs(lex.Scala), triggers: []string{"Spec", "Suite", "@Test", "in {", "in new "}, scan: testsOf(scalaStyle)},
	{langs: langs(lex.CSharp, lex.FSharp), triggers: []string{"[Fact", "[Theory", "[Test", "[<Fact", "[<Test"}, scan: testsOf(dotnetStyle)},
	{langs: langs(lex.Go), triggers: []string{"func Test"}, scan: testsOf(goStyle)},
	{langs: langs(lex.Ruby), triggers: []string{"it ", "it(", "specify ", "test ", "def test_", "it{", "scenario "}, scan: testsOf(rubyStyle)},
	{langs: langs(lex.PHP), triggers: []string{"function test", "#[Test", "extends TestCase", "it(", "test("}, scan: testsOf(phpStyle)},
	{langs: langs(lex.Rust), triggers: []string{"#[test]", "::test]", "#[rstest", "#[test_case"}, scan: testsOf(rustStyle)},
	{langs: langs(lex.Elixir), triggers: []string{"test "}, scan: testsOf(elixirStyle)},
	{langs: langs(lex.Dart), triggers: []string{"test(", "testWidgets("}, scan: testsOf(dartStyle)},
	{langs: langs(lex.C, lex.CPP), triggers: []string{"TEST(", "TEST_F(", "TEST_CASE("}, scan: testsOf(cppStyle)},
}

// testStyle says how the tests of a family of runners are written. The words of cases and assertions are looked for in code, at their start no
// identifier may run into them.
type testStyle struct {
	name       string
	cases      []string
	titled     bool // a case's title is a string after the word
	assertions []string
	titles     []string // the titles of cases that generators write, lower-case; "*x*" for a part
}

var (
	scriptStyle = testStyle{
		name: "jest", cases: []string{"it(", "test(", "it.each", "test.each", "it.only(", "test.only(", "specify(", "it.concurrent(", "Deno.test("}, titled: true,
		assertions: []string{"expect(", "expect.", ".expect(", "assert(", "assert.", ".should", "expectTypeOf(", "t.is(", "t.equal", "t.deepEqual", "t.true(", "t.same(", "t.ok(", "t.assert", "assertEquals(", "assertThrows(", "assertExists(", "assertStrictEquals(", "strictEqual(", "deepStrictEqual(", "deepEqual(", "equal("},
		titles: []string{
			"renders learn react link", "renders learn react", "should return \"hello world!\"", "/ (get)", "should be defined", "should create the app", "should create", "should render title", "*should have as title*",
			"*should have the '*", "should be created", "renders props.msg when passed", "renders properly", "renders without crashing", "sanity check", "sample test", "example test", "adds 1 + 2 to equal 3", "should display welcome message", "should display message saying app works", "should ...", "should be truthy", "mounts renders properly", "has title", "get started link",
		},
	}
	pythonStyle = testStyle{
		name: "pytest", cases: []string{"def test"},
		assertions: []string{"assert ", "assert(", "self.assert", "pytest.raises", "self.fail(", ".assert_", "assertEqual(", "assertTrue(", "assertRaises("},
		titles:     []string{"test_example", "test_sample", "test_placeholder", "test_dummy"},
	}
	junitStyle = testStyle{
		name: "junit", cases: []string{"@Test", "@ParameterizedTest", "@RepeatedTest"},
		assertions: []string{"assert", "Assert", "verify(", ".verify(", ".andExpect", ".expectStatus", ".expectBody", "StepVerifier", "expectThat(", "should", "fail(", "expect(", "then(", "Truth.", "expected", "coVerify", "verifyNo", ".expectNext", ".statusCode(", ".body(", "BDDMockito", "hasSize("},
		titles:     []string{"contextloads", "shouldanswerwithtrue", "apphasagreeting", "somelibrarymethodreturnstrue", "addition_iscorrect", "useappcontext", "testapp", "testroot", "testhelloendpoint", "examplemethod"},
	}
	kotestStyle = testStyle{name: "kotest", cases: []string{"test(", "should(", "it(", "then(", "Then(", "\""}, assertions: []string{"should", "assert", "verify"}}
	spockStyle  = testStyle{name: "spock", cases: []string{"def \"", "def '", "void \""}, assertions: []string{"expect:", "then:"}}
	scalaStyle  = testStyle{name: "scalatest", cases: []string{"test(", "in {", "it(", "@Test", "should(", "in ", "scenario(", "property("}, assertions: []string{"should", "must", "assert", "expect(", "intercept[", "Assert", "forAll", "check("}, titles: []string{"*hello world*"}}
	dotnetStyle = testStyle{
		name: "xunit", cases: []string{"[Fact", "[Theory", "[Test]", "[TestMethod", "[TestCase", "[DataTestMethod", "[<Fact", "[<Test"},
		assertions: []string{"Assert.", ".Should", "Should.", ".Verify(", ".Received(", "ShouldBe", "Check.That", "Expect.", "VerifyCS.", ".DidNotReceive("},
	}
	goStyle = testStyle{
		name: "go", cases: []string{"func Test"},
		assertions: []string{".Error(", ".Errorf(", ".Fatal(", ".Fatalf(", ".Fail(", ".FailNow(", "assert.", "require.", "is.", "Expect(", "So(", "cmp.Diff(", ".Equal(", ".NoError(", "ExpectationsWereMet", "mustEqual(", "assertEqual(", "Assert("},
	}
	rubyStyle = testStyle{
		name: "rspec", cases: []string{"it ", "it(", "specify ", "test ", "def test_", "it{", "scenario "},
		assertions: []string{"expect(", "expect ", "assert", "is_expected", "should", "must_", "refute", "wont_", "run_test!", "pending"},
		titles:     []string{"the truth", "has a version number", "does something useful", "visiting the index"},
	}
	phpStyle = testStyle{
		name: "phpunit", cases: []string{"function test", "#[Test", "it(", "test("}, titled: true,
		assertions: []string{"->assert", "::assert", "expect(", "assert", "->expectException", "->seeJson", "->see(", "shouldBe"},
		titles: []string{
			"example", "basictest", "examplebasictest", "the application returns a successful response", "that true is true", "returns a successful response", "basicexample",
			"login screen can be rendered", "users can authenticate using the login screen", "users can not authenticate with invalid password", "users can logout", "email verification screen can be rendered", "email can be verified", "email is not verified with invalid hash",
			"confirm password screen can be rendered", "password can be confirmed", "password is not confirmed with invalid password", "reset password link screen can be rendered", "reset password link can be requested", "reset password screen can be rendered",
			"password can be reset with valid token", "password can be updated", "correct password must be provided to update password", "registration screen can be rendered", "new users can register", "profile page is displayed", "profile information can be updated",
			"email verification status is unchanged when the email address is unchanged", "user can delete their account", "correct password must be provided to delete account", "guests are redirected to the login page", "authenticated users can visit the dashboard",
		},
	}
	rustStyle   = testStyle{name: "cargo", cases: []string{"#[test]", "::test]", "#[rstest", "#[test_case"}, assertions: []string{"assert", "panic!(", "should_panic", "prop_assert", "unreachable!("}, titles: []string{"it_works"}}
	elixirStyle = testStyle{
		name: "exunit", cases: []string{"test "}, assertions: []string{"assert", "refute", "doctest "},
		titles: []string{"greets the world", "get /", "renders 404.html", "renders 500.html", "renders 404", "renders 500"}, titled: true,
	}
	dartStyle = testStyle{name: "dart", cases: []string{"test(", "testWidgets("}, titled: true, assertions: []string{"expect("}, titles: []string{"counter increments smoke test"}}
	cppStyle  = testStyle{name: "gtest", cases: []string{"TEST(", "TEST_F(", "TEST_CASE("}, assertions: []string{"EXPECT_", "ASSERT_", "REQUIRE(", "CHECK("}}
)

// maxCases bounds how many cases of a file are counted.
const maxCases = 200

// testsOf returns the scan that counts the tests of a file when the first case is met.
func testsOf(style testStyle) func(*Source, int) {
	finder := sync.OnceValue(func() *searcher { return newSearcher(style.assertions) })
	words := sync.OnceValue(func() *searcher { return newSearcher(style.cases) })
	return func(s *Source, off int) {
		if off > 0 && identifier(s.Raw[off-1]) && s.Raw[off] != ':' && s.Lang != lex.Scala || s.emitted(KindTest) > 0 || s.counts[countKey{KindTest, style.name}] > 0 {
			return
		}
		s.counts[countKey{KindTest, style.name}] = 1 // one look from the first case on sees them all
		base := s.Path[strings.LastIndexByte(s.Path, '/')+1:]
		if s.Lang == lex.Go && !strings.HasSuffix(base, "_test.go") {
			return
		}
		cases, generated, first := 0, 0, len(s.Code) // first: where the first case stands
		s.words = words().find(s.Code[off:], s.words[:0])
		for _, found := range s.words {
			w, at := style.cases[found.literal], off+int(found.start)
			if cases == maxCases || !caseStarts(s, at, w, style) {
				continue
			}
			cases++
			first = min(first, at)
			if len(style.titles) > 0 && isGenerated(caseTitle(s, at+len(w), w), style.titles) {
				generated++
			}
		}
		if cases == 0 {
			return
		}
		scope := ""
		switch {
		case generated == cases:
			scope = "placeholder"
		case s.detached(style):
			scope = "detached"
		}
		s.Emit(Fact{Kind: KindTest, Name: runnerOf(s, style), Value: strconv.Itoa(cases) + "/" + strconv.Itoa(s.assertions(style.assertions, finder)), Scope: scope, Line: s.LineOf(first)})
	}
}

// caseStarts reports whether the word at off begins a case and does not merely end a longer name.
func caseStarts(s *Source, off int, w string, style testStyle) bool {
	if off > 0 && w[0] != ':' && (identifier(s.Raw[off-1]) || s.Raw[off-1] == '.' && s.Lang != lex.Scala) {
		return false
	}
	switch style.name {
	case "jest", "pest", "phpunit":
		if w == "it(" || w == "test(" || w == "specify(" || w == "it.only(" || w == "test.only(" {
			// regex.test(x) and functions named test have no title; a test without a body is to do
			next := skipSpace(s.Code, off+len(w))
			return next < len(s.Code) && (s.Code[next] == '\'' || s.Code[next] == '"' || s.Code[next] == '`' || bytes.IndexByte(s.restBytes(next), ',') >= 0)
		}
	case "rspec", "exunit":
		rest := s.rest(off + len(w))
		if w == "test " || w == "it " || w == "scenario " || w == "specify " {
			return s.startsLine(off) && (strings.HasPrefix(rest, "\"") || strings.HasPrefix(rest, "'") || strings.HasPrefix(rest, "do") || strings.HasPrefix(rest, "{"))
		}
	case "kotest":
		if w == "\"" {
			return s.startsLine(off) && strings.HasSuffix(s.rest(off), "{")
		}
	case "scalatest":
		if w == "in " {
			return strings.HasPrefix(s.rest(off+len(w)), "new") || strings.HasPrefix(s.rest(off+len(w)), "with")
		}
	case "junit":
		return off+len(w) >= len(s.Raw) || !identifier(s.Raw[off+len(w)])
	}
	return true
}

// caseTitle is the title of the case whose word ends at off: the string after it, or the name of the function.
func caseTitle(s *Source, off int, w string) string {
	if title, ok := s.quoted(off, "("); ok {
		return strings.ToLower(title)
	}
	name := nameAt(s.Code, off)
	if strings.HasSuffix(w, "def test") {
		return "test" + name
	}
	if strings.HasPrefix(w, "@") || strings.HasPrefix(w, "#[") || strings.HasPrefix(w, "::") {
		// an annotation: the function's name is on one of the next lines
		lines := s.Between(Code, off, min(s.LineEnd(off, 3), off+maxNear))
		if i := bytes.IndexByte(lines, '{'); i > 0 {
			lines = lines[:i]
		}
		if open := bytes.IndexByte(lines, '('); open > 0 {
			word, _ := backWord(lines, backSpace(lines, open))
			if word != "" {
				name = word
			}
		}
	}
	name = strings.ToLower(name)
	if s.Lang == lex.PHP {
		name = strings.ReplaceAll(strings.Trim(strings.TrimPrefix(name, "test"), "_"), "_", " ")
	}
	return name
}

func isGenerated(title string, titles []string) bool {
	if title == "" {
		return false
	}
	for _, t := range titles {
		if part, ok := strings.CutPrefix(t, "*"); ok {
			if strings.Contains(title, strings.TrimSuffix(part, "*")) {
				return true
			}
			continue
		}
		if title == t {
			return true
		}
	}
	return false
}

// assertions counts what may fail; what compares constants is left out.
func (s *Source) assertions(list []string, finder func() *searcher) int {
	n := 0
	s.words = finder().find(s.Code, s.words[:0])
	for _, found := range s.words {
		w, off := list[found.literal], int(found.start)
		if n == 4*maxCases || identifier(w[0]) && off > 0 && (identifier(s.Raw[off-1]) || s.Raw[off-1] == '.' || s.Raw[off-1] == '>') {
			continue
		}
		if !importing(s.Between(Code, max(s.LineStart(off), off-maxNear), min(s.LineEnd(off, 0), off+maxNear))) && !constant(s.restBytes(off)) {
			n++
		}
	}
	return n
}

func importing(line []byte) bool {
	line = bytes.TrimSpace(line)
	for _, w := range []string{"import ", "from ", "using ", "use ", "package "} {
		if bytes.HasPrefix(line, []byte(w)) {
			return true
		}
	}
	return bytes.Contains(line, []byte("require("))
}

// constant reports whether an assertion is about a literal alone: expect(true).toBe(true), assertTrue(true), assert 1 == 1.
func constant(rest []byte) bool {
	if len(rest) == 0 || rest[0] != 'a' && rest[0] != 'A' && rest[0] != 'e' {
		return false // as all the words below begin
	}
	var dense [40]byte // longer than they are
	n := 0
	for _, c := range rest {
		if c != ' ' && n < len(dense) {
			dense[n] = c
			n++
		}
	}
	text := string(dense[:n])
	for _, w := range []string{"assertTrue", "asserttrue", "assert1==1", "assert1+1==2", "assert1"} {
		if text == w || strings.HasPrefix(text, w+"#") || text == w+":" {
			return true
		}
	}
	for _, w := range []string{
		"expect(true)", "expect(1)", "expect(false)", "expect(1+1)", "expect(2)", "expect(1+2)", "assertTrue(true", "assertEquals(1,1", "assertEquals(true,true", "Assert.True(true", "Assert.IsTrue(true", "Assert.Pass(", "assertTrue(True", "assertTrue(1", "assertEqual(1,1",
		"assertEqual(1+1,2", "assertEqual(2,1+1", "Assert.That(true", "Assert.Equal(1,1", "assert.ok(true", "assert(true", "assert.True(t,true", "assert!(true", "assert_eq!(1,1", "assert_eq!(2+2,4",
	} {
		// the literal must end where the words do: assertTrue(1 is the beginning of assertTrue(1 < x) too
		if rest, ok := strings.CutPrefix(text, w); ok && (rest == "" || strings.HasSuffix(w, ")") || strings.HasSuffix(w, "(") || rest[0] == ')' || rest[0] == ',') {
			return true
		}
	}
	return false
}

// testLibraries are modules that a test imports whatever it tests.
var testLibraries = []string{
	"jest", "vitest", "mocha", "chai", "node:test", "test", "assert", "node:assert", "@jest/globals", "ava", "tape", "tap", "pytest", "unittest", "sinon", "path", "fs", "dotenv", "os", "sys", "uuid", "faker", "@faker-js/faker", "util", "typing", "jest-extended", "datetime", "random", "json", "math", "time",
}

// detached reports whether a test of JavaScript or Python imports nothing but test libraries, so that it cannot be about the project's code.
func (s *Source) detached(style testStyle) bool {
	if style.name != "jest" && style.name != "pytest" {
		return false
	}
	for _, w := range []string{"client", "request(", "fetch(", "cy.", "page.", "require(", "import(", "await import", "self.client", "from ", "import ", "axios", "http.", "server", "app"} {
		i := bytes.Index(s.Code, []byte(w))
		if i < 0 {
			continue
		}
		if w != "require(" && w != "from " && w != "import " {
			return false
		}
		if s.importsOwn() {
			return false
		}
	}
	if style.name == "pytest" { // fixtures bring what is tested
		for at := 0; ; {
			i := bytes.Index(s.Code[at:], []byte("def test"))
			if i < 0 {
				return true
			}
			at += i + 8
			if n := bytes.IndexByte(s.Code[at:], '('); n >= 0 {
				inner, _ := s.parens(at + n)
				if args := strings.ReplaceAll(strings.TrimSpace(inner), " ", ""); args != "" && args != "self" {
					return false
				}
			}
		}
	}
	return true
}

// importsOwn reports whether the source imports anything but test libraries and the standard library's usual helpers.
func (s *Source) importsOwn() bool {
	for at := 0; at < len(s.Code); {
		end := bytes.IndexByte(s.Code[at:], '\n')
		if end < 0 {
			end = len(s.Code) - at
		}
		line := strings.TrimSpace(string(s.Code[at : at+end]))
		raw := string(s.Raw[at : at+end])
		at += end + 1
		var name string
		switch {
		case s.Lang == lex.Python && (strings.HasPrefix(line, "from ") || strings.HasPrefix(line, "import ")):
			name, _, _ = strings.Cut(strings.Fields(line + " x")[1], ".")
			if name == "" {
				return true
			}
		case s.Lang != lex.Python && (strings.Contains(line, "require(") || strings.Contains(line, "from '") || strings.Contains(line, "from \"") || strings.HasPrefix(line, "import ")):
			i := strings.IndexAny(raw, "'\"`")
			if i < 0 {
				continue // the module stands on a later line
			}
			name, _, _ = strings.Cut(raw[i+1:], raw[i:i+1])
		default:
			continue
		}
		known := false
		for _, l := range testLibraries {
			known = known || l == name
		}
		if !known {
			return true
		}
	}
	return false
}

// runnerOf tells the runners of one style apart where the file says which it is.
func runnerOf(s *Source, style testStyle) string {
	has := func(text string) bool { return s.mentions(text) }
	switch style.name {
	case "jest":
		switch {
		case has("node:test") || has("from 'test'"):
			return "node:test"
		case has("Deno.test(") || has("bun:test"):
			return "built-in"
		}
	case "pytest":
		if has("unittest") || has("TestCase") {
			return "unittest"
		}
	case "phpunit":
		if !has("extends TestCase") && !has("extends Test") && bytes.Contains(s.Code, []byte("expect(")) {
			return "pest"
		}
	case "rspec":
		if has("def test_") || has("Minitest") || has("ActiveSupport::TestCase") || has("ActionDispatch::IntegrationTest") || has("test_helper") {
			return "minitest"
		}
	}
	return style.name
}
