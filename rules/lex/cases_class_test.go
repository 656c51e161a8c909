package lex

// Languages of the JVM and of .NET.
var classCases = []splitCase{
	{"basic", Java, "‹/** doc \"x\" */›\n@GetMapping(\"«/a»\") char c = '«\"»'; ‹// 'd›\nString s = \"«a\\\"b»\";"},
	{"text block", Java, "s = \"\"\"«\n  SELECT \"a\" \\\"\"\" // b\n  »\"\"\"; c(\"«d»\")"},
	{"division", Java, "a / b; \"«/* x */»\" ‹/* y */›"},
	{"no nesting", Java, "‹/* /* */› a"},
	{"nested comment", Kotlin, "‹/* a /* b */ c */›d"},
	{"template", Kotlin, "a = \"«x $y »${b(\"«}»\") { it }}« z»\" + '«\"»'"},
	{"raw", Kotlin, "a = \"\"\"«b \"c\" \\»${d}«\"»\"\"\" + \"«e»\""},
	{"quoted name", Kotlin, "fun `it doesn't work`() { a(\"«b»\") }"},
	{"multi-line template", Kotlin, "a = \"«x»${b.map {\n \"«c»\" }}«y»\"\nd"},
	{"strings", Scala, "a = \"«${b}»\" + s\"«$$ »${c(\"«d»\")}« $e»\" + '«\"»' + 'sym + '«\\n»' ‹/* /* */ */›"},
	{"triple", Scala, "sql\"\"\"«SELECT \"x\" »${y}«\"»\"\"\".as(z)"},
	{"verbatim", CSharp, "a = @\"«c:\\d\"\"e\n»\"; b = \"«\\\"»\"; c = '«\"»'; ‹// d›"},
	{"interpolated", CSharp, "a = $\"«{{x}} »{b(\"«c»\")}« »{d:«yyyy 'at'»}« »{(e ? \"«f»\" : g)}\"; h = $@\"«\\»{i}«\"\"»\";"},
	{"raw", CSharp, "a = \"\"\"«\n b \"\" c\n»\"\"\"; d = $$\"\"\"\"«{x} »{{y}}« \"\"\" »\"\"\"\"; e = \"\" + \"«f»\";"},
	{"attributes", CSharp, "[HttpGet(\"«{id}»\")]\n#region Don'«t»"},
	{"gstring", Groovy, "a '«b ${c}»', \"«d »${e '«f»'}\" ‹// g›\nx = '''«h'\n»''' + \"\"\"«\"i »${j}\"\"\""},
	{"slashy", Groovy, "a =~ /«'b»/; c = d / e / '«f»'"},
	{"gradle", Groovy, "implementation '«a:b:1»' ‹// c›\n"},
	{"strings", FSharp, "let a = \"«b»\" in '«c»' ‹// d›\n‹(* \" (* *) *)›let (*) = @\"«\\»\" + \"\"\"«\"e»\"\"\"; ``don't`` x'; ('a * 'b)"},
	{"basic", VisualBasic, "a = \"«b \"\" 'c»\" ‹' d›\n"},
	{"strings", Dart, "a = '«b »${c('«d»')}' + r'«\\»' + '''«e'\n»''' ‹/* /* */ */›"},
}
