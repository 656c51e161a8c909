package lex

// kind says how a splitter reads a language; languages that quote and comment
// alike share one.
type kind uint8

const (
	kindText kind = iota // all is code
	kindJS
	kindPython
	kindC
	kindJava
	kindKotlin
	kindCSharp
	kindGo
	kindRuby
	kindPHP
	kindRust
	kindScala
	kindElixir
	kindGroovy
	kindSwift
	kindDart
	kindLua
	kindClojure
	kindHaskell
	kindFSharp
	kindOCaml
	kindHash // '#' comments and one-line strings
	kindErlang
	kindVisualBasic
	kindSQL
	kindShell
	kindPowerShell
	kindCSS
	kindSCSS
	kindJSON
	kindData // YAML, TOML, make: '#' comments, quoted values stay code
	kindConf // INI, properties, Dockerfile: '#' at the start of a line
	kindINI  // as kindConf, and ';'
	kindHCL
	kindTags   // XML and Markdown: all is code but <!-- -->
	kindMarkup // HTML and single-file components: nothing is code but <script>
	kindERB
	kindEJS
	kindCount
)

// hashRule says where '#' begins a comment.
type hashRule uint8

const (
	hashNever hashRule = iota
	hashAnywhere
	hashAfterSpace
	hashAtLineStart
)

// syntax is what the splitter needs to know of a kind.
type syntax struct {
	kind        kind
	stops       string // the bytes code has to be looked at for
	open, close byte   // the brackets that are counted within an interpolation
	slashLine   bool   // "//" comments
	slashBlock  bool   // "/* */" comments
	nested      bool   // block comments nest
	hash        hashRule
	keep        bool // quoted values stay in Code
	// tabs marks the bytes that stop a run of code: at the top, within an
	// interpolation (1), with heredocs due at the next newline (2), both (3).
	tabs [4][256]bool
}

var syntaxes = buildSyntaxes()

func buildSyntaxes() [kindCount]syntax {
	const cStops = `/"'`
	all := [kindCount]syntax{
		kindJS:          {stops: "/\"'`<", open: '{', close: '}', slashLine: true, slashBlock: true},
		kindPython:      {stops: `#"'`, hash: hashAnywhere},
		kindC:           {stops: cStops, slashLine: true, slashBlock: true},
		kindJava:        {stops: cStops, slashLine: true, slashBlock: true},
		kindKotlin:      {stops: "/\"'`", open: '{', close: '}', slashLine: true, slashBlock: true, nested: true},
		kindCSharp:      {stops: cStops, slashLine: true, slashBlock: true},
		kindGo:          {stops: "/\"'`", slashLine: true, slashBlock: true},
		kindRuby:        {stops: "#\"'`/%<=?", open: '{', close: '}', hash: hashAnywhere},
		kindPHP:         {stops: "/#\"'`<?", open: '{', close: '}', slashLine: true, slashBlock: true, hash: hashAnywhere},
		kindRust:        {stops: cStops, slashLine: true, slashBlock: true, nested: true},
		kindScala:       {stops: "/\"'`", open: '{', close: '}', slashLine: true, slashBlock: true, nested: true},
		kindElixir:      {stops: `#"'~?`, open: '{', close: '}', hash: hashAnywhere},
		kindGroovy:      {stops: cStops, open: '{', close: '}', slashLine: true, slashBlock: true},
		kindSwift:       {stops: "/\"`", open: '(', close: ')', slashLine: true, slashBlock: true, nested: true},
		kindDart:        {stops: cStops, open: '{', close: '}', slashLine: true, slashBlock: true, nested: true},
		kindLua:         {stops: `-"'[`},
		kindClojure:     {stops: `;"\`},
		kindHaskell:     {stops: `-{"'`},
		kindFSharp:      {stops: "/(\"'`", slashLine: true},
		kindOCaml:       {stops: `("'`},
		kindHash:        {stops: `#"'`, hash: hashAfterSpace},
		kindErlang:      {stops: `%"'$`},
		kindVisualBasic: {stops: `'"`},
		kindSQL:         {stops: "-/'\"`$#", slashBlock: true, hash: hashAtLineStart},
		kindShell:       {stops: `#"'\<`, open: '(', close: ')', hash: hashAfterSpace},
		kindPowerShell:  {stops: `#"'<`, hash: hashAfterSpace},
		kindCSS:         {stops: cStops, slashBlock: true, keep: true},
		kindSCSS:        {stops: cStops, slashLine: true, slashBlock: true, keep: true},
		kindJSON:        {stops: `/"`, slashLine: true, slashBlock: true, keep: true},
		kindData:        {stops: `#"'`, hash: hashAfterSpace, keep: true},
		kindConf:        {stops: `#`, hash: hashAtLineStart, keep: true},
		kindINI:         {stops: `#;`, hash: hashAtLineStart, keep: true},
		kindHCL:         {stops: `/#"`, open: '{', close: '}', slashLine: true, slashBlock: true, hash: hashAnywhere},
		kindTags:        {stops: `<`, keep: true},
	}
	for k := range all {
		s := &all[k]
		s.kind = kind(k) //nolint:gosec // kinds are few
		for t := range s.tabs {
			tab := &s.tabs[t]
			for i := range len(s.stops) {
				tab[s.stops[i]] = true
			}
			if t&1 != 0 && s.open != 0 {
				tab[s.open], tab[s.close] = true, true
			}
			tab['\n'] = t&2 != 0
		}
	}
	return all
}

// kinds says how each language is read.
var kinds = [languageCount]kind{
	JavaScript: kindJS, TypeScript: kindJS, Python: kindPython, Java: kindJava, Kotlin: kindKotlin,
	CSharp: kindCSharp, Go: kindGo, Ruby: kindRuby, PHP: kindPHP, Rust: kindRust, Scala: kindScala,
	Elixir: kindElixir, C: kindC, CPP: kindC, Groovy: kindGroovy, Swift: kindSwift, Dart: kindDart,
	Lua: kindLua, Clojure: kindClojure, Haskell: kindHaskell, FSharp: kindFSharp, ObjectiveC: kindC,
	Perl: kindHash, R: kindHash, Julia: kindHash, Erlang: kindErlang, OCaml: kindOCaml, Zig: kindC,
	Crystal: kindRuby, VisualBasic: kindVisualBasic, SQL: kindSQL, Shell: kindShell,
	PowerShell: kindPowerShell, Vue: kindMarkup, Svelte: kindMarkup, HTML: kindMarkup, ERB: kindERB,
	EJS: kindEJS, CSS: kindCSS, SCSS: kindSCSS, Markdown: kindTags, JSON: kindJSON, YAML: kindData,
	TOML: kindData, INI: kindINI, Properties: kindConf, XML: kindTags, Dockerfile: kindConf,
	Makefile: kindData, CMake: kindData, HCL: kindHCL, Protobuf: kindC, GraphQL: kindHash, Prisma: kindC,
}

func syntaxOf(l Language) *syntax {
	if l >= languageCount {
		l = Unknown
	}
	return &syntaxes[kinds[l]]
}

// isWord reports whether c can be part of a name. Bytes of UTF-8 beyond ASCII can.
func isWord(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c >= 0x80
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isHex(c byte) bool { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f' }

func isSpace(c byte) bool {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'
}
