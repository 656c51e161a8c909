package lex

// Query, style and data languages.
var dataCases = []splitCase{
	{"strings", SQL, "SELECT '«it''s -- »', \"a--b\" FROM `c'd` ‹-- e'›\n‹/* ' */›WHERE x = E'«\\'»' AND y = '«\\»';"},
	{"mysql escapes", SQL, "INSERT INTO a VALUES ('«it\\'s»', '«b»');\n‹# c'›\n"},
	{"dollar quotes", SQL, "CREATE FUNCTION a() AS $$«BEGIN 'b END»$$ c; $x$« $$ »$x$ WHERE d = $1 AND '«e»'"},
	{"unterminated", SQL, "a '«b\nc"},
	{"comments", YAML, "‹# a'›\nb: c#d ‹# e›\nf: 'x # y' ‹# z›\ng: don't ‹# h›\ni: \"j # \\\" # k\"\n"},
	{"comments", TOML, "a = \"b # c\" ‹# d›\ne = '''\n# f\n'''\n"},
	{"comments", Dockerfile, "‹# syntax=a›\nRUN echo '# b' # c\n  ‹# d›\n"},
	{"comments", Makefile, "a: b ‹# c›\n\techo \"# d\"\n"},
	{"comments", INI, "‹; a›\n[b]\nc = d;e # f\n"},
	{"comments", Properties, "‹# a›\nb=c#d\n"},
	{"comments", JSON, "{\"a\": \"//b\"} ‹// c›\n"},
	{"comments", CSS, "a { b: url('/*'); } ‹/* c' */›"},
	{"comments", SCSS, "a { b: url(http://c); ‹// d›\n}"},
	{"comments", XML, "<a b=\"c\"/>‹<!-- d -->›"},
	{"comments", Markdown, "it's ‹<!-- a -->› \"b\""},
	{"comments", HCL, "a = \"«b »${c[\"«d»\"]}\" ‹# e›\n‹// f›\n‹/* g */›"},
	{"all code", Unknown, "a 'b' // c"},
	{"comments", Protobuf, "import \"«a»\"; ‹// b›\n"},
	{"comments", Prisma, "url = env(\"«A»\") ‹// b›\n"},
	{"comments", GraphQL, "\"\"\"«a\"b»\"\"\" type C ‹# d›\n"},
}
