package lex

// Compiled languages.
var systemCases = []splitCase{
	{"basic", Go, "a := \"«b\\\"»\" + `«c\\\n\"//»` + '«x»' ‹// d›\n‹/* e */›f"},
	{"rune", Go, "a('«\\'»', '«\"»', '«\\u1234»')"},
	{"unterminated", Go, "a := \"«b»\nc ‹// d›"},
	{"lifetimes", Rust, "fn a<'a>(x: &'a str, y: &'static str) -> char { '«\"»' } ‹// b›\nlet c = '«\\'»'; let d = '«é»'; 'e: loop {}"},
	{"raw", Rust, "a = r#\"«b \"c\" \\»\"#; d = br\"«\\»\"; e = r##\"«\"#»\"##; f = b\"«\\\"»\"; g = \"«h\ni»\""},
	{"not raw", Rust, "for\"«a\\\"b»\"; c"},
	{"nested comment", Rust, "‹/* a /* b */ ' */›c ‹/// d›\n#![allow(x)]"},
	{"attribute first", Rust, "#![allow(dead_code)]\nx"},
	{"basic", C, "#include \"«a.h»\"\n‹/* ' */›char c = '«\\'»', *s = \"«\\\"//»\"; ‹// d \\\n e›\nf"},
	{"error line", C, "#error don'«t do»\nx"},
	{"macro", C, "#define A \"«b\\\nc»\" d"},
	{"raw", CPP, "a = R\"x(«b)\" \\ »)x\"; c = u8R\"(«\"»)\"; FOOR\"«(d»\"; e = 1'000'000 + 0xFF'AA; f = '«g»'"},
	{"basic", Swift, "let a = \"«b »\\(c(\"«d»\") + (e))« f»\" ‹/* /* */ ' */› + #\"«\\(\"»\"# + \"\"\"«\n\"g\"\n»\"\"\"; `don't`"},
	{"basic", Zig, "const a = \"«b»\"; ‹// c›\n"},
	{"basic", Haskell, "foldl' f '«\"»' \"«a»\" ‹-- b'›\n‹{- c {- d -} \" -}› e --> f"},
	{"basic", OCaml, "let a' = \"«b»\" ‹(* c (* ' *) *)› and '«d»'"},
	{"basic", Erlang, "a() -> \"«b»\" ++ [$\", $\\\"] ‹% c'›\n, '«d»'."},
}
