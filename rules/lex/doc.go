// Package lex splits source text into code, strings and comments, so that a rule
// can look for app.get( without being fooled by a comment, and for SQL only
// where SQL is written.
//
// # Approach
//
// Split fills three buffers as long as the source. Code starts as a copy of it,
// Strings and Comments as blanks with the line ends, so that code costs nothing
// more: a scanner runs over it with a table of the few bytes that can begin
// something else in the language and moves only what is found, a run at a time.
// Languages that quote and comment alike share a syntax. Nothing is allocated
// once the buffers are large enough.
//
//   - Quotes stay in Code, what is between them goes to Strings: "..." becomes
//     "   ". Prefixes, sigils, heredoc operators and identifiers stay in Code too.
//   - Interpolations, such as ${...} in a template literal, are code again.
//   - Comments hold the markers. Strings that are statements in Python, and the
//     values of @doc and its like in Elixir, are comments with their quotes.
//   - Regular expressions are strings, told from divisions by what is before them.
//   - Names in quotes (SQL, Kotlin, Scala, Swift) are code.
//   - YAML, TOML, JSON, CSS, make, INI and Dockerfiles have values, not strings:
//     those stay in Code, and only comments are taken out.
//   - Text around PHP and around scripts of HTML and single-file components,
//     text between JSX tags, and what follows __END__ in Ruby is in no view.
//
// It is a scanner and not a parser: it does not refuse what no compiler takes,
// a string that cannot span lines ends with its line at the latest, and so a
// mistake stays small. Not seen: #@name within strings of Ruby, $name anywhere,
// regular expressions of Perl and Swift, JSX with type parameters in rare forms.
//
// # Hostile sources
//
// The time is linear for any bytes: looking back remembers its answer or is
// bounded, looking ahead for an end draws on a budget of the source's size, and
// nesting is bounded. The slowest source known, ")/" repeated in JavaScript, is
// split at 9 MB/s at 64 kB and at 1 MB alike (go test -bench Hostile).
//
// # Speed
//
// Measured with
//
//	go test -run xxx -bench 'Split$' ./rules/lex
//	MILEPOST_LEX_TREE=folder go test -run xxx -bench SplitTree ./rules/lex
//
// on one core of a busy two-core AMD EPYC, in MB/s, 0 allocations:
//
//	               generated   real
//	JavaScript     616         565   public learner repositories and express
//	TypeScript     561         459   the same
//	Python         386         399   the same, and wagtail
//	Java           753         794   the same, and petclinic
//	Go             841         588   the standard library
//	Ruby           497
//	C#             806
//	Rust           669
package lex
