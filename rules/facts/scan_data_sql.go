package facts

import (
	"bytes"
	"strings"

	"milepost/rules/lex"
)

// Statements of SQL. Name is the verb ("SELECT", "INSERT", "UPDATE", "DELETE", "CREATE TABLE", "CREATE INDEX", "UNIQUE"), Value the
// statement's start, Scope where it stands: "file" (a .sql file or a mapper), "dump" (a file that a tool exported), "code" (a string of code),
// "jpql" (a query language of an ORM).
const (
	KindSQL      Kind = "sql"       // reads or changes data
	KindSQLTable Kind = "sql-table" // CREATE TABLE
	KindSQLIndex Kind = "sql-index" // CREATE INDEX and unique constraints
)

// emitSQL adds the statement at off.
func emitSQL(s *Source, off int, verb, scope string) {
	kind := KindSQL
	switch verb {
	case "CREATE TABLE":
		kind = KindSQLTable
	case "CREATE INDEX", "UNIQUE":
		kind = KindSQLIndex
	}
	s.Emit(Fact{Kind: kind, Name: verb, Value: s.excerpt(off), Scope: scope, Line: s.LineOf(off)})
}

const sqlTriggers = "SELECT|INSERT|UPDATE|DELETE|CREATE|REPLACE|UNIQUE|select|insert|update|delete|create|unique|Select|Insert|Update|Delete|Create"

var sqlScanners = []scanner{
	{view: Strings, triggers: strings.Split(sqlTriggers, "|"), scan: sqlInCode},
	{langs: langs(lex.SQL), view: Code, triggers: strings.Split(sqlTriggers, "|"), scan: sqlInFile},
	{langs: langs(lex.XML), view: Text, triggers: []string{"SELECT", "INSERT", "UPDATE", "DELETE", "select", "insert", "update", "delete"}, scan: sqlInMapper},
}

// sqlWindow is how far a statement is followed.
const sqlWindow = 900

func sqlInFile(s *Source, off int) {
	if verb := sqlVerb(s, off, s.Raw); verb != "" {
		scope := "file"
		if dump(s.Raw) {
			scope = "dump"
		}
		emitSQL(s, off, verb, scope)
	}
}

// dump tells a file that a database tool exported.
func dump(b []byte) bool {
	head := b[:min(len(b), 600)]
	for _, m := range []string{"phpMyAdmin SQL Dump", "MySQL dump", "MariaDB dump", "PostgreSQL database dump", "HeidiSQL", "Navicat", "SQLyog", "Script Date:", "Adminer"} {
		if bytes.Contains(head, []byte(m)) {
			return true
		}
	}
	return false
}

func sqlInMapper(s *Source, off int) {
	if s.commented(off) || !s.mentions("<mapper ") || off > 0 && (s.Raw[off-1] == '<' || s.Raw[off-1] == '/') {
		return
	}
	if verb := sqlVerb(s, off, s.Raw); verb != "" {
		emitSQL(s, off, verb, "file")
	}
}

func sqlInCode(s *Source, off int) {
	verb := sqlVerb(s, off, s.Strings)
	if verb == "" {
		return
	}
	upper := s.Raw[off+1] >= 'A' && s.Raw[off+1] <= 'Z'
	if !upper && !startsString(s, off) {
		return
	}
	scope := "code"
	if ormQuery(s, off) {
		scope = "jpql"
	}
	emitSQL(s, off, verb, scope)
}

// startsString reports whether nothing but space, or the end of another statement or clause, stands between off and the quote before it.
func startsString(s *Source, off int) bool {
	for i := off - 1; i >= max(0, off-200); i-- {
		switch s.Raw[i] {
		case ' ', '\t', '\n', '\r':
			continue
		case '"', '\'', '`', '(', ')', ';', ',':
			return true
		default:
			return s.Strings[i] == ' ' // the marker of a heredoc or a prefix
		}
	}
	return false
}

// ormQuery tells a statement in the query language of an ORM: what is given to @Query of Spring Data JPA without nativeQuery, to createQuery, to
// @NamedQuery.
func ormQuery(s *Source, off int) bool {
	if s.Lang != lex.Java && s.Lang != lex.Kotlin && s.Lang != lex.PHP && s.Lang != lex.Groovy && s.Lang != lex.Scala {
		return false
	}
	before := string(s.Between(Code, off-400, off))
	query, create := strings.LastIndex(before, "@Query"), strings.LastIndex(before, "createQuery(")
	named := strings.LastIndex(before, "@NamedQuery")
	end := strings.LastIndex(before, ";")
	switch at := max(query, create, named); {
	case at < 0 || at < end:
		return false
	case at == query:
		if s.mentions("data.r2dbc", "data.jdbc", "androidx.room") {
			return false
		}
		after := string(s.Between(Code, off-400+at, off+sqlWindow))
		if off < 400 {
			after = string(s.Between(Code, query, off+sqlWindow))
		}
		if i := strings.IndexByte(after, ';'); i >= 0 {
			after = after[:i]
		}
		return !strings.Contains(after, "nativeQuery")
	case at == create:
		return !s.mentions("org.jdbi")
	}
	return true
}

// sqlVerb reads the statement at off from view and returns its verb, or "" where it is none.
func sqlVerb(s *Source, off int, view []byte) string {
	if off > 0 && (identifier(s.Raw[off-1]) || s.Raw[off-1] == '.' || s.Raw[off-1] == '-' || s.Raw[off-1] == '/') {
		return ""
	}
	text := view[off:min(len(view), off+sqlWindow)]
	i := 0
	for i < len(text) && identifier(text[i]) {
		i++
	}
	verb := strings.ToUpper(string(text[:i]))
	upper := string(text[:i]) == verb
	rest := string(text[i:])
	if end := strings.IndexByte(rest, ';'); end >= 0 {
		rest = rest[:end+1]
	}
	switch verb {
	case "SELECT":
		if selects(rest, upper) && !rebuilds(s.Raw[max(0, off-sqlWindow):off]) {
			return verb
		}
	case "INSERT", "REPLACE":
		if inserts(rest, upper) {
			return "INSERT"
		}
	case "UPDATE":
		if updates(s, off, rest, upper) {
			return verb
		}
	case "DELETE":
		if deletes(rest, upper) {
			return verb
		}
	case "CREATE":
		return creates(rest, upper)
	case "UNIQUE":
		return unique(s, off, rest, upper)
	}
	return ""
}

// cutWord splits the first word off, letter case folded to upper.
func cutWord(t string) (word, rest string) {
	t = strings.TrimLeft(t, " \t\r\n")
	i := 0
	for i < len(t) && identifier(t[i]) {
		i++
	}
	return strings.ToUpper(t[:i]), t[i:]
}

// prose are words that follow "from", "into" and "update" in sentences rather than in statements.
const prose = " THE A AN YOUR THIS THAT THESE THOSE MY OUR ANY ALL EACH EVERY ONE "

func selects(rest string, upper bool) bool {
	if rest == "" || identifier(rest[0]) {
		return false
	}
	up := strings.ToUpper(rest)
	for at := 0; ; {
		i := strings.Index(up[at:], "FROM")
		if i < 0 {
			return false
		}
		at += i
		if (at == 0 || !identifier(up[at-1])) && (at+4 >= len(up) || !identifier(up[at+4])) {
			break
		}
		at += 4
	}
	i := strings.Index(up, "FROM")
	cols, after := up[:i], up[i+4:]
	word, more := cutWord(after)
	if strings.TrimSpace(cols) == "" && !upper || strings.Contains(prose, " "+word+" ") && word != "" {
		return false
	}
	if upper {
		return true
	}
	// In lower case a sentence looks the same: ask for what only a statement has.
	next, _ := cutWord(more)
	switch next {
	case "WHERE", "JOIN", "LEFT", "RIGHT", "INNER", "ORDER", "GROUP", "LIMIT", "AS", "UNION":
		return true
	}
	if word == "" {
		return strings.ContainsAny(strings.TrimSpace(cols), "*,")
	}
	return strings.ContainsAny(cols, "*(") || strings.Contains(cols, ",") && !strings.Contains(strings.TrimSpace(cols), "  ") && more == "" || strings.HasPrefix(strings.TrimSpace(more), ";")
}

// rebuilds reports whether the statement that before begins copies a table into its successor, as migration tools write it.
func rebuilds(before []byte) bool {
	if i := bytes.LastIndexByte(before, ';'); i >= 0 {
		before = before[i:]
	}
	return bytes.Contains(before, []byte(`INTO "new_`)) || bytes.Contains(before, []byte("INTO `__new_"))
}

func inserts(rest string, upper bool) bool {
	word, more := cutWord(rest)
	if word == "IGNORE" {
		word, more = cutWord(more)
	}
	if word == "OR" {
		_, more = cutWord(more)
		word, more = cutWord(more)
	}
	if word != "INTO" {
		return false
	}
	table := strings.Trim(strings.TrimSpace(more), "\"`[")
	lower := strings.ToLower(table)
	if strings.HasPrefix(lower, "new_") || strings.HasPrefix(lower, "__new_") {
		return false // a migration tool copies a table that it rebuilds
	}
	if upper {
		return true
	}
	return containsAny(lower, "values", "select ", " set ")
}

func updates(s *Source, off int, rest string, upper bool) bool {
	switch word := wordBefore(s.Raw, off); word {
	case "ON", "FOR", "BEFORE", "AFTER", "KEY", "DO", "OR", "GRANT":
		return false
	}
	up := strings.ToUpper(rest)
	i := strings.Index(up, "SET")
	for i >= 0 && (i == 0 || identifier(up[i-1]) || i+3 < len(up) && identifier(up[i+3])) {
		j := strings.Index(up[i+3:], "SET")
		if j < 0 {
			return false
		}
		i += 3 + j
	}
	if i < 0 || i > 120 {
		return false
	}
	between := strings.Fields(up[:i])
	if len(between) > 0 && strings.Contains(prose, " "+between[0]+" ") {
		return false
	}
	if upper {
		return len(between) <= 4
	}
	return len(between) == 1 && strings.Contains(up[i:], "=")
}

func deletes(rest string, upper bool) bool {
	word, more := cutWord(rest)
	if word != "FROM" {
		return false
	}
	table, _ := cutWord(strings.Trim(strings.TrimSpace(more), "\"`["))
	if strings.Contains(prose, " "+table+" ") && table != "" {
		return false
	}
	return upper || strings.Contains(strings.ToUpper(more), "WHERE") || strings.Contains(more, ";")
}

func creates(rest string, upper bool) string {
	word, more := cutWord(rest)
	for word == "TEMP" || word == "TEMPORARY" || word == "OR" || word == "REPLACE" || word == "UNLOGGED" || word == "GLOBAL" || word == "EXTERNAL" {
		word, more = cutWord(more)
	}
	switch word {
	case "TABLE":
		if upper || strings.Contains(more, "(") {
			return "CREATE TABLE"
		}
	case "INDEX":
		return "CREATE INDEX"
	case "UNIQUE", "FULLTEXT", "SPATIAL", "CLUSTERED", "NONCLUSTERED":
		if next, _ := cutWord(more); next == "INDEX" || next == "CLUSTERED" || next == "NONCLUSTERED" {
			return "CREATE INDEX"
		}
	}
	return ""
}

// unique accepts the word where a column or a constraint of a table says it.
func unique(s *Source, off int, rest string, upper bool) string {
	before := wordBefore(s.Raw, off)
	if before == "CREATE" {
		return ""
	}
	next, _ := cutWord(rest)
	trimmed := strings.TrimSpace(rest)
	if definition := upTo(rest, ",;\n"); next != "KEY" && strings.Contains(strings.ToUpper(definition), "PRIMARY KEY") || before == "KEY" && primaryBefore(s.Raw[max(0, off-40):off]) {
		return "" // a primary key is unique by itself
	}
	switch {
	case next == "KEY" || next == "INDEX":
		return "UNIQUE"
	case strings.HasPrefix(trimmed, "(") && (upper || s.Lang == lex.SQL):
		return "UNIQUE"
	case s.Lang == lex.SQL && next != "":
		return "UNIQUE"
	case s.Lang == lex.SQL || columnType(before):
		return "UNIQUE"
	}
	return ""
}

// primaryBefore reports whether the text ends with PRIMARY KEY.
func primaryBefore(b []byte) bool {
	words := strings.Fields(strings.ToUpper(string(b)))
	return len(words) > 1 && words[len(words)-1] == "KEY" && words[len(words)-2] == "PRIMARY"
}

// columnType tells the word before UNIQUE in the definition of a column.
func columnType(w string) bool {
	switch w {
	case "NULL", "TEXT", "VARCHAR", "STRING", "INT", "INTEGER", "BIGINT", "UUID", "CHAR", "CITEXT", "KEY", "SERIAL":
		return true
	}
	return false
}

// wordBefore is the word that ends before off, in upper case. A closing parenthesis with its content is passed over ("VARCHAR(50) UNIQUE").
func wordBefore(b []byte, off int) string {
	i := off - 1
	space := func() {
		for i >= 0 && (b[i] == ' ' || b[i] == '\t' || b[i] == '\n' || b[i] == '\r') {
			i--
		}
	}
	space()
	if i >= 0 && b[i] == ')' {
		for n := 0; i >= 0 && n < 40 && b[i] != '('; n++ {
			i--
		}
		i--
		space()
	}
	end := i + 1
	for i >= 0 && identifier(b[i]) && end-i < 40 {
		i--
	}
	if end <= 0 || i+1 > end {
		return ""
	}
	return strings.ToUpper(string(b[i+1 : end]))
}
