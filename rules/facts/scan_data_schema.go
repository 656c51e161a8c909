package facts

import (
	"bytes"
	"strings"

	"milepost/rules/lex"
)

// Kinds of how a schema is kept. Name says by what.
const (
	// KindMigration is a migration of a tool. Name is the tool.
	KindMigration Kind = "migration"
	// KindAutoSync is a call or a setting by which an ORM makes the tables of its models, without a file that keeps the schema.
	KindAutoSync Kind = "auto-sync"
	// KindSchema is a schema file that a tool may push without migrations. Name is the tool.
	KindSchema Kind = "schema-file"
	// KindIndex is an index or a unique column that code or a schema defines. Name says by what, Scope "foreign-key" or "identity" where the
	// framework makes it by itself, "ignored" where the ORM's version ignores it.
	KindIndex Kind = "index"
)

func schemaMarks() []nameMark {
	return []nameMark{
		{kind: KindMigration, name: "Django migration", langs: inPython(), lits: "migrations.Migration", when: func(s *Source, off, _ int) bool {
			return strings.Contains(s.line(Code, off), "class ")
		}},
		{kind: KindMigration, name: "Alembic migration", langs: inPython(), lits: "down_revision", when: fileMentions("def upgrade")},
		{kind: KindMigration, name: "Rails migration", langs: inRuby(), lits: "ActiveRecord::Migration", when: lineHas("class ")},
		{kind: KindMigration, name: "Rails schema", langs: inRuby(), lits: "ActiveRecord::Schema", when: fileMentions("create_table")},
		{kind: KindMigration, name: "Sequel migration", langs: inRuby(), lits: "Sequel.migration"},
		{kind: KindMigration, name: "Laravel migration", langs: inPHP(), lits: "Schema::create|Schema::table"},
		{kind: KindMigration, name: "Doctrine migration", langs: inPHP(), lits: "extends AbstractMigration"},
		{kind: KindMigration, name: "migration", langs: inPHP(), lits: "extends Migration", when: fileMentions("CodeIgniter", "yii\\db", "Phinx", "createTable", "forge")},
		{kind: KindMigration, name: "Sequelize migration", langs: inJS(), lits: "queryInterface.createTable|queryInterface.addColumn|queryInterface.changeColumn|queryInterface.addIndex|queryInterface.sequelize"},
		{kind: KindMigration, name: "Umzug migration", langs: inJS(), lits: "queryInterface", when: fileMentions("createTable")},
		{kind: KindMigration, name: "TypeORM migration", langs: inJS(), lits: "implements MigrationInterface"},
		{kind: KindMigration, name: "MikroORM migration", langs: inJS(), lits: "extends Migration", when: fileMentions("@mikro-orm")},
		{kind: KindMigration, name: "Knex migration", langs: inJS(), lits: "createTable|createTableIfNotExists|alterTable|hasTable", when: func(s *Source, off, _ int) bool {
			return s.mentions("exports.up", "export async function up", "export function up", "export const up", "async up(", "up: ", "up(") && s.mentions("knex", "schema.", "db.", "pgm")
		}},
		{kind: KindMigration, name: "node-pg-migrate migration", langs: inJS(), lits: "pgm.createTable|pgm.addColumns|pgm.sql"},
		{kind: KindMigration, name: "AdonisJS migration", langs: inJS(), lits: "extends BaseSchema"},
		{kind: KindMigration, name: "EF migration", langs: inDotNet(), lits: "MigrationBuilder migrationBuilder"},
		{kind: KindMigration, name: "EF migration", langs: inDotNet(), lits: ": DbMigration", when: fileMentions("System.Data.Entity.Migrations")},
		{kind: KindMigration, name: "FluentMigrator migration", langs: inDotNet(), lits: ": Migration|: AutoReversingMigration", when: fileMentions("FluentMigrator")},
		{kind: KindMigration, name: "Flyway migration", langs: inJVM(), lits: "BaseJavaMigration"},
		{kind: KindMigration, name: "Liquibase changelog", langs: inConfig(), view: Text, lits: "<changeSet|databaseChangeLog:|\"databaseChangeLog\""},
		{kind: KindMigration, name: "goose migration", langs: inGo(), lits: "goose.AddMigration|goose.AddMigrationContext|goose.AddNamedMigration|gormigrate.New"},
		{kind: KindMigration, name: "Ecto migration", langs: inElixir(), lits: "use Ecto.Migration"},
		{kind: KindMigration, name: "SeaORM migration", langs: inRust(), lits: "MigrationTrait for"},
		{kind: KindSchema, name: "Drizzle schema", langs: inJS(), lits: "pgTable(|mysqlTable(|sqliteTable("},
		{kind: KindSchema, name: "Diesel schema", langs: inRust(), lits: "diesel::table!|table!"},

		{kind: KindAutoSync, name: "Sequelize sync()", langs: inJS(), lits: ".sync(", when: fileMentions("equelize")},
		{kind: KindAutoSync, name: "TypeORM synchronize", langs: inJS(), lits: "synchronize: true|synchronize:true"},
		{kind: KindAutoSync, name: "SQLAlchemy create_all()", langs: inPython(), lits: ".create_all("},
		{kind: KindAutoSync, name: "create_tables()", langs: inPython(), lits: ".create_tables(|generate_schemas|.generate_mapping("},
		{kind: KindAutoSync, name: "Hibernate ddl-auto", langs: inConfig(), view: Text, lits: "ddl-auto|hbm2ddl.auto", when: func(s *Source, off, _ int) bool {
			return !s.commented(off) && containsAny(s.line(Text, off), "update", "create")
		}},
		{kind: KindAutoSync, name: "EnsureCreated()", langs: inDotNet(), lits: "EnsureCreated|EnsureCreatedAsync"},
		{kind: KindAutoSync, name: "GORM AutoMigrate()", langs: inGo(), lits: "AutoMigrate|.Schema.Create("},
		{kind: KindAutoSync, name: "SchemaUtils.create()", langs: inJVM(), lits: "SchemaUtils.create|SchemaUtils.createMissingTablesAndColumns|schema.create"},
		{kind: KindAutoSync, name: "JPA entities", langs: inJVM(), lits: "@Entity", when: fileMentions("persistence.")},
	}
}

var schemaScanners = []scanner{
	{langs: langs(lex.Prisma), view: Text, triggers: []string{"model ", "@unique", "@@unique", "@@index", "@@fulltext", "provider"}, scan: prismaSchema},
}

// prismaSchema reads the facts of a Prisma schema: the provider, models and indexes.
func prismaSchema(s *Source, off int) {
	if s.commented(off) {
		return
	}
	line := strings.TrimSpace(s.line(Text, off))
	if strings.HasPrefix(line, "//") {
		return
	}
	at := s.LineOf(off)
	switch {
	case strings.HasPrefix(line, "model ") && s.startsLine(off):
		name, _, _ := strings.Cut(strings.TrimPrefix(line, "model "), " ")
		s.Emit(Fact{Kind: KindModel, Name: name, Value: "Prisma", Line: at})
		s.Emit(Fact{Kind: KindSchema, Name: "Prisma schema", Line: at})
	case strings.HasPrefix(line, "provider") && s.startsLine(off):
		if v, ok := s.quoted(off+len("provider"), "="); ok {
			if db := databaseName(v); db != "" {
				s.Emit(Fact{Kind: KindDatabase, Name: db, Value: line, Scope: "prisma", Line: at})
			}
		}
	case s.Raw[off] == '@':
		s.Emit(Fact{Kind: KindIndex, Name: "Prisma index", Value: line, Line: at})
	}
}

// inORM is a condition of marks whose names mean something else outside files about a database.
func inORM(s *Source, off, _ int) bool {
	return s.mentions("mongoose", "equelize", "DataTypes", "queryInterface", "typeorm", "drizzle", "knex", "table.", "Schema(", "mikro-orm", "objection", "@Column", "@Prop", "isUnique", "typegoose", "mongodb")
}

// inMappedClass leaves out unique = true in a class that is no table: on a form or a DTO no provider reads it.
func inMappedClass(s *Source, off, _ int) bool {
	return !bytes.HasPrefix(s.Raw[off:], []byte("unique")) && !bytes.HasPrefix(s.Raw[off:], []byte("@NaturalId")) || bytes.HasPrefix(s.Raw[off:], []byte("uniqueIndex")) ||
		s.mentions("@Entity", "@MappedSuperclass", "@Embeddable", "@Document", "@Table", "@MappedEntity", "@Node", "@Indexed")
}

func indexMarks() []nameMark {
	pk := func(s *Source, off, _ int) bool {
		l := s.line(Code, off)
		// A call may be broken over lines; what belongs to it stands near.
		near := string(s.Between(Code, off-80, off+60))
		return !containsAny(l, "primary_key") && !(strings.Count(near, "(") == 0 && strings.Contains(near, "primary_key")) &&
			s.mentions("Column", "column(", "Field(", "models.", "Table(", "fields.", "Document") && !s.mentions("UnicodeUsernameValidator")
	}
	notID := func(s *Source, off, _ int) bool {
		window := string(s.Between(Text, off, off+160))
		return !containsAny(window, "['id']", `["id"]`) && !s.mentions("migrations.Migration")
	}
	rails := func(s *Source, off, _ int) bool {
		l := s.line(Text, off)
		if s.mentions("Database authenticatable", "Devise") && strings.Contains(l, "users") {
			return false
		}
		return !strings.Contains(l, "active_storage") && !containsAny(s.Path, "active_storage_tables", "action_text_tables", "action_mailbox_tables")
	}
	return []nameMark{
		{kind: KindIndex, name: "unique field", langs: inJS(), lits: "unique: true|unique:true|unique: [|unique: {|isUnique: true|unique: '|unique: \"|unique: `", when: inORM},
		{kind: KindIndex, name: "indexed field", langs: inJS(), lits: "index: true|index:true|index: {|sparse: true|text: true", when: func(s *Source, _, _ int) bool {
			return s.mentions("mongoose", "Schema(", "@Prop", "queryInterface", "DataTypes", "typeorm")
		}},
		{kind: KindIndex, name: "schema index", langs: inJS(), lits: "chema.index(|.createIndex(|.createIndexes(|.ensureIndex(|.addIndex(|.addConstraint(|createIndex(|uniqueIndex(|@Index(|@Unique(|@Unique<|@Index<|TableIndex(|TableUnique(|UNIQUE_CONSTRAINT|.createUniqueConstraint("},
		{kind: KindIndex, name: "unique column", langs: inJS(), lits: ".unique(|.index(", when: func(s *Source, off, _ int) bool {
			return s.mentions("drizzle-orm") || s.mentions("createTable", "alterTable", "schema.table") && s.mentions("knex", "exports.up =", "function up(", "pgm.", "BaseSchema")
		}},
		{kind: KindIndex, name: "Drizzle index", langs: inJS(), lits: "index(|unique(", when: fileMentions("drizzle-orm")},
		{kind: KindIndex, name: "model indexes", langs: inJS(), lits: "indexes: [|uniques: [|indexes:[|indices: [", when: inORM},

		{kind: KindIndex, name: "unique column", langs: inPython(), lits: "unique=True|unique = True", when: pk},
		{kind: KindIndex, name: "indexed column", langs: inPython(), lits: "index=True|index = True|db_index=True", when: func(s *Source, off, n int) bool {
			return pk(s, off, n)
		}},
		{kind: KindIndex, name: "model index", langs: inPython(), lits: "models.Index(|GinIndex(|models.UniqueConstraint(|UniqueConstraint(|unique_together|index_together|create_unique_constraint(|ensure_index(|IndexModel(|Index(", when: func(s *Source, off, n int) bool {
			line := s.line(Code, off)
			return notID(s, off, n) && !strings.Contains(line, "import ") && !strings.HasPrefix(strings.TrimSpace(line), "class ") && !s.mentions("pandas")
		}},
		{kind: KindIndex, name: "index", langs: inPython(), lits: "create_index(|create_indexes(", when: notID},

		{kind: KindIndex, name: "unique column", langs: inJVM(), lits: "unique = true|unique=true|@UniqueConstraint|UniqueConstraint(|uniqueConstraints|@Indexed|@CompoundIndex|@NaturalId|uniqueIndex(|.uniqueIndex(|ensureIndex(|createIndex(", when: inMappedClass},
		{kind: KindIndex, name: "JPA index", langs: inJVM(), lits: "@Index(|Index(", when: fileMentions("persistence.", "androidx.room", "exposed")},
		{kind: KindIndex, name: "Exposed index", langs: inJVM(), lits: ".index(|index(", when: fileMentions("exposed.sql", "exposed.dao", "exposed.v1")},

		{kind: KindIndex, name: "EF index", langs: inDotNet(), lits: ".HasIndex(|.IsUnique(|[Index(|[Index|, Index(|.HasAlternateKey(|Indexes.CreateOne|CreateIndexModel", when: func(s *Source, off, n int) bool {
			if next := s.byteAt(off + n); next >= '0' && next <= '9' { // [Index(0)] is the column of a table that is read
				return false
			}
			if s.Code[off] == ',' { // with other attributes in the same brackets
				return s.mentions("DataAnnotations") && strings.HasPrefix(strings.TrimSpace(s.line(Code, off)), "[")
			}
			return n != len("[Index") || s.mentions("EntityFrameworkCore", "DataAnnotations")
		}},

		{kind: KindIndex, name: "add_index", langs: inRuby(), lits: "add_index", when: rails},
		{kind: KindIndex, name: "index", langs: inRuby(), lits: "t.index", when: func(s *Source, off, n int) bool {
			l := s.line(Text, off)
			return rails(s, off, n) && !foreignKeyIndex(l) && !containsAny(l, "record_type", "reset_password_token", "confirmation_token", "unlock_token", "blob_id", "service_name", `["key"]`, "variation_digest") &&
				!(strings.Contains(l, `["email"]`) && s.mentions("encrypted_password"))
		}},
		{kind: KindIndex, name: "indexed column", langs: inRuby(), lits: "index: true|unique: true|index: {|:unique => true|:index => true|unique_index: true|:unique_index => true", when: func(s *Source, off, _ int) bool {
			l := s.line(Code, off)
			ref := containsAny(l, "references", "belongs_to", "add_reference")
			return !containsAny(l, "add_index", "t.index", "validates") && (!ref || strings.Contains(l, "unique")) && s.mentions("create_table", "add_column", "change_table", "add_reference", "change_column", "Mongoid", "DataMapper")
		}},
		{kind: KindIndex, name: "Mongoid index", langs: inRuby(), lits: "index({", when: fileMentions("Mongoid")},

		{kind: KindIndex, name: "migration index", langs: inPHP(), lits: "->unique(|->index(|->fullText(|->spatialIndex(|->fulltext(|->addUniqueKey(|->addIndex(|->addUniqueIndex(|->createIndex(|->addUniqueConstraint(", when: func(s *Source, _, _ int) bool {
			return s.mentions("Blueprint", "addTable(", "createTable(", "AbstractMigration", "forge->")
		}},
		{kind: KindIndex, name: "unique column", langs: inPHP(), lits: "unique: true|unique=true|ORM\\UniqueConstraint|ORM\\Index", view: Text, when: func(s *Source, off, _ int) bool {
			above := string(s.Between(Text, max(0, off-300), off))
			return s.mentions("ORM\\") && !strings.Contains(above[strings.LastIndexAny(above, ";{")+1:], "ORM\\Id") // the primary key is unique by itself
		}},

		{kind: KindIndex, name: "Ecto index", langs: inElixir(), lits: "create index(|create unique_index(|create(index(|create(unique_index(|create_if_not_exists index("},
		{kind: KindIndex, name: "index", langs: inRust(), lits: "Index::create()|.unique_key()|IndexModel::builder"},
		{kind: KindIndex, name: "index", langs: inGo(), lits: "Indexes().CreateOne|Indexes().CreateMany|.Indexes()|index.Fields(|index.Edges(|mongo.IndexModel|EnsureIndex"},
		{kind: KindIndex, name: "unique field", langs: inGo(), lits: ".Unique()", when: fileMentions("entgo.io")},
	}
}

// foreignKeyIndex tells the line of a Rails schema that holds the index which t.references makes by itself.
func foreignKeyIndex(line string) bool {
	_, rest, ok := strings.Cut(line, "[")
	if !ok {
		return false
	}
	cols, _, _ := strings.Cut(rest, "]")
	return !strings.Contains(cols, ",") && strings.HasSuffix(strings.Trim(cols, ` "':`), "_id") && !strings.Contains(line, "unique")
}

// goTags finds the indexes that the struct tags of Go's ORMs define.
var goTagScanners = []scanner{
	{langs: inGo(), view: Text, triggers: []string{"gorm:\"", "bun:\"", "xorm:\"", "pg:\"", "orm:\""}, scan: goTag},
}

func goTag(s *Source, off int) {
	if s.commented(off) || off > 0 && identifier(s.Raw[off-1]) {
		return
	}
	colon := bytes.IndexByte(s.Raw[off:], ':')
	value, ok := s.quoted(off+colon+1, "")
	if !ok {
		return
	}
	lower := strings.ToLower(value)
	f := Fact{Kind: KindIndex, Name: "struct tag", Value: s.excerpt(off), Line: s.LineOf(off)}
	old := s.mentions("jinzhu/gorm")
	for part := range strings.FieldsFuncSeq(lower, func(r rune) bool { return r == ';' || r == ',' || r == ' ' || r == '(' }) {
		key, _, _ := strings.Cut(part, ":")
		switch key {
		case "unique", "index", "uniqueindex":
			s.Emit(f)
			return
		case "unique_index":
			if !old {
				f.Scope = "ignored"
			}
			s.Emit(f)
			return
		}
	}
}
