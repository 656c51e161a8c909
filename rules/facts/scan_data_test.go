package facts

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// found returns "name|scope" of the facts of a kind in a file.
func found(path, content string, kind Kind) []string {
	var out []string
	for _, f := range NewScanner(nil).Scan(path, []byte(content)).Facts {
		if f.Kind == kind {
			out = append(out, strings.TrimSuffix(f.Name+"|"+f.Scope, "|"))
		}
	}
	return out
}

func TestSQL(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, path, content string
		kind                Kind
		want                []string
	}{
		{"statement over lines", "a.go", "package a\n\nconst q = `\n\tSELECT id\n\tFROM tasks\n`\n", KindSQL, []string{"SELECT|code"}},
		{"lower case", "a.py", `cur.execute("select * from tasks where id = ?")`, KindSQL, []string{"SELECT|code"}},
		{"concatenated", "A.java", `class A { String q = "SELECT " + cols + " FROM tasks"; }`, KindSQL, []string{"SELECT|code"}},
		{"interpolated table", "a.js", "db.query(`UPDATE ${table} SET done = 1`)", KindSQL, []string{"UPDATE|code"}},
		{"insert in lower case", "a.rb", `db.execute("insert into tasks (title) values (?)")`, KindSQL, []string{"INSERT|code"}},
		{"sentence", "a.js", `say("Select a file from the list"); say("delete from favorites"); say("update your set")`, KindSQL, nil},
		{"lone select", "a.js", `db.query("SELECT 1")`, KindSQL, nil},
		{"comment", "a.js", "// SELECT * FROM tasks\nf()", KindSQL, nil},
		{"referential action", "a.sql", "CREATE TABLE t (a INT REFERENCES u (a) ON UPDATE CASCADE ON DELETE SET NULL);", KindSQL, nil},
		{"upsert counts once", "a.sql", "INSERT INTO t (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET a = 2;", KindSQL, []string{"INSERT|file"}},
		{"dump", "a.sql", "-- phpMyAdmin SQL Dump\nINSERT INTO `t` VALUES (1);", KindSQL, []string{"INSERT|dump"}},
		{"jpql", "A.java", "interface A {\n  @Query(\"SELECT t FROM Task t WHERE t.done = false\")\n  List<Task> open();\n}", KindSQL, []string{"SELECT|jpql"}},
		{"native", "A.java", "interface A {\n  @Query(value = \"SELECT * FROM tasks\", nativeQuery = true)\n  List<Task> all();\n}", KindSQL, []string{"SELECT|code"}},
		{"mapper", "a.xml", `<mapper namespace="a"><select id="b">SELECT id FROM tasks</select></mapper>`, KindSQL, []string{"SELECT|file"}},
		{"xml of other kinds", "a.xml", `<page>SELECT id FROM tasks</page>`, KindSQL, nil},
		{"table", "a.sql", "create table tasks (id int);", KindSQLTable, []string{"CREATE TABLE|file"}},
		{"commented table", "a.sql", "-- CREATE TABLE tasks (id int);\n", KindSQLTable, nil},
		{"index", "a.sql", "CREATE UNIQUE INDEX i ON t (a);", KindSQLIndex, []string{"CREATE INDEX|file"}},
		{"unique column", "a.sql", "CREATE TABLE t (a VARCHAR(50) UNIQUE);", KindSQLIndex, []string{"UNIQUE|file"}},
		{"unique primary key", "a.sql", "CREATE TABLE t (id SERIAL PRIMARY KEY UNIQUE NOT NULL, b INT UNIQUE PRIMARY KEY);", KindSQLIndex, nil},
		{"unique word", "a.js", `say("a UNIQUE idea")`, KindSQLIndex, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, found(tt.path, tt.content, tt.kind)); diff != "" {
				t.Errorf("facts differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSchemaFacts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, path, content string
		kind                Kind
		want                []string
	}{
		{"jdbc address", "application.properties", "spring.datasource.url=jdbc:mysql://db/app\n", KindDatabase, []string{"MySQL"}},
		{"commented jdbc address", "application.properties", "# spring.datasource.url=jdbc:mysql://db/app\n", KindDatabase, nil},
		{"django", "settings.py", "DATABASES = {'default': {'ENGINE': 'django.db.backends.postgresql'}}", KindDatabase, []string{"PostgreSQL"}},
		{"rails", "database.yml", "default:\n  adapter: sqlite3\n", KindDatabase, []string{"SQLite"}},
		{"rails cable", "cable.yml", "production:\n  adapter: redis\n", KindDatabase, nil},
		{"prisma", "schema.prisma", "datasource db {\n  provider = \"mysql\"\n}\n", KindDatabase, []string{"MySQL|prisma"}},
		{"prisma client", "schema.prisma", "generator client {\n  provider = \"prisma-client-js\"\n}\n", KindDatabase, nil},
		{"mongoose model", "task.js", "const mongoose = require('mongoose');\nmodule.exports = mongoose.model('Task', schema);\n", KindModel, []string{""}},
		{"model elsewhere", "three.js", "const car = scene.model('Car');\n", KindModel, nil},
		{"sqlalchemy", "m.py", "class Task(Base):\n    __tablename__ = 'tasks'\n", KindModel, []string{"Task"}},
		{"plain class", "m.py", "class Task(Base):\n    pass\n", KindModel, nil},
		{"gorm tag", "m.go", "package m\n\ntype T struct {\n\tA string `gorm:\"size:10\"`\n}\n", KindModel, []string{""}},
		{"doctrine", "Task.php", "<?php\n#[ORM\\Entity]\nclass Task {}\n", KindModel, []string{"Task"}},
		{"gorm index", "m.go", "package m\n\ntype T struct {\n\tA string `gorm:\"size:10;uniqueIndex\"`\n}\n", KindIndex, []string{"struct tag"}},
		{"old gorm index", "m.go", "package m\n\ntype T struct {\n\tA string `gorm:\"unique_index\"`\n}\n", KindIndex, []string{"struct tag|ignored"}},
		{"foreign key of rails", "schema.rb", "ActiveRecord::Schema.define do\n  create_table \"a\" do |t|\n    t.index [\"b_id\"], name: \"i\"\n  end\nend\n", KindIndex, nil},
		{"two columns of rails", "schema.rb", "ActiveRecord::Schema.define do\n  create_table \"a\" do |t|\n    t.index [\"b_id\", \"c\"], name: \"i\"\n  end\nend\n", KindIndex, []string{"index"}},
		{"primary key", "m.py", "id = Column(Integer, primary_key=True, unique=True)\n", KindIndex, nil},
		{"collection of laravel", "a.php", "<?php\n$ids = collect($a)->unique();\n", KindIndex, nil},
		{"ddl-auto", "application.yml", "spring:\n  jpa:\n    hibernate:\n      ddl-auto: update\n", KindAutoSync, []string{"Hibernate ddl-auto"}},
		{"ddl-auto none", "application.yml", "spring:\n  jpa:\n    hibernate:\n      ddl-auto: none\n", KindAutoSync, nil},
		{"knex migration", "1_init.js", "exports.up = (knex) => knex.schema.createTable('t', (t) => { t.increments(); });\n", KindMigration, []string{"Knex migration"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, found(tt.path, tt.content, tt.kind)); diff != "" {
				t.Errorf("facts differ (-want +got):\n%s", diff)
			}
		})
	}
}

// FuzzDataAndAuth holds the scanners of databases and of authentication to their bounds on any content: no panic, lines within the file.
func FuzzDataAndAuth(f *testing.F) {
	for _, seed := range []struct{ path, content string }{
		{"a.sql", "CREATE TABLE t (a INT UNIQUE); INSERT INTO t VALUES (1);"},
		{"a.js", "const jwt = require('jsonwebtoken'); jwt.sign({}, 'k'); router.delete('/x', isAdmin, f)"},
		{"a.py", "class T(db.Model):\n    id = db.Column(unique=True)\n"},
		{"A.java", "@Query(\"SELECT t FROM T t\") void f();\n@PreAuthorize(\"hasRole('A')\")"},
		{"schema.prisma", "model A {\n  id Int @id\n  b String @unique\n}"},
		{"a.go", "package a\ntype T struct { A string `gorm:\"unique_index` }"},
		{"a.php", "<?php $_SESSION['role'] == 'admin'; password_hash($p"},
		{"schema.rb", "t.index [\"a_id\""},
		{"database.yml", "adapter:"},
	} {
		f.Add(seed.path, seed.content)
	}
	sc := NewScanner(nil)
	f.Fuzz(func(t *testing.T, path, content string) {
		if len(content) > 1<<16 {
			return
		}
		lines := strings.Count(content, "\n") + 1
		for _, fact := range sc.Scan(path, []byte(content)).Facts {
			if fact.Line < 0 || fact.Line > lines || len(fact.Value) > maxText {
				t.Fatalf("fact out of bounds: %+v", fact)
			}
		}
	})
}
