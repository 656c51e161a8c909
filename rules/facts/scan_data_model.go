package facts

import (
	"regexp"
	"strings"
	"sync"

	"milepost/rules/lex"
)

// Kinds of how code uses a database.
const (
	// KindDatabase is a relational database that code or configuration names. Name is the database ("PostgreSQL"), Scope "prisma" in a Prisma schema.
	KindDatabase Kind = "database"
	// KindNoSQL is another database that code or configuration uses. Name is the database.
	KindNoSQL Kind = "nosql"
	// KindModel is a class or a definition that an ORM or ODM maps. Name is the model, Value the ORM, Scope the variable that holds it.
	KindModel Kind = "model"
	// KindMapper is the use of a query mapper or builder, which is no ORM. Name is the library.
	KindMapper Kind = "query-mapper"
	// KindModelUse is a use of a model in the file that defines it, or a loader of all models of its folder ("loader").
	KindModelUse Kind = "model-use"
)

// databaseName is the name of the database in a scheme, an adapter or a provider, "" for what is no relational one.
func databaseName(text string) string {
	t := strings.ToLower(text)
	for _, d := range [][2]string{
		{"postg", "PostgreSQL"}, {"psql", "PostgreSQL"}, {"pgsql", "PostgreSQL"}, {"cockroach", "CockroachDB"}, {"mariadb", "MariaDB"}, {"mysql", "MySQL"}, {"trilogy", "MySQL"},
		{"sqlite", "SQLite"}, {"sqlserver", "SQL Server"}, {"mssql", "SQL Server"}, {"jtds", "SQL Server"}, {"oracle", "Oracle"}, {"h2", "H2"},
		{"hsqldb", "HSQLDB"}, {"derby", "Derby"}, {"db2", "Db2"}, {"tc:", "test containers"}, {"postgis", "PostgreSQL"},
	} {
		if strings.HasPrefix(t, d[0]) {
			return d[1]
		}
	}
	return ""
}

var databaseScanners = []scanner{
	{langs: inConfig(), view: Text, triggers: []string{"jdbc:", "r2dbc:"}, scan: jdbcAddress},
	{view: Strings, triggers: []string{"jdbc:", "r2dbc:"}, scan: jdbcAddress},
	{langs: inPython(), view: Strings, triggers: []string{"django.db.backends.", "django.contrib.gis.db.backends.", "django_tenants.postgresql_backend", "tortoise.backends."}, scan: djangoEngine},
	{langs: langs(lex.YAML), view: Text, triggers: []string{"adapter:", "dbal:"}, scan: railsAdapter},
}

func jdbcAddress(s *Source, off int) {
	if s.commented(off) || s.Lang == lex.Unknown && !strings.HasSuffix(s.Path, ".conf") && !strings.Contains(s.Path, ".env") && !strings.HasSuffix(s.Path, ".cfg") {
		return
	}
	i := off
	for i < len(s.Raw) && s.Raw[i] != ':' {
		i++
	}
	if db := databaseName(string(s.Between(Text, i+1, i+20))); db != "" {
		s.Emit(Fact{Kind: KindDatabase, Name: db, Line: s.LineOf(off)})
	}
}

func djangoEngine(s *Source, off int) {
	rest := string(s.Between(Text, off, off+80))
	i := strings.Index(rest, "backends.")
	db := "PostgreSQL"
	if i >= 0 {
		db = databaseName(rest[i+len("backends."):])
	}
	if db != "" {
		s.Emit(Fact{Kind: KindDatabase, Name: db, Value: "Django", Line: s.LineOf(off)})
	}
}

func railsAdapter(s *Source, off int) {
	if s.commented(off) || !s.startsLine(off) {
		return
	}
	if s.Raw[off] == 'd' {
		if s.mentions("doctrine:") {
			s.Emit(Fact{Kind: KindDatabase, Name: "Doctrine", Line: s.LineOf(off)})
		}
		return
	}
	value := strings.Trim(strings.TrimSpace(string(s.Between(Text, off+len("adapter:"), s.LineEnd(off, 0)))), `"'`)
	if db := databaseName(value); db != "" {
		s.Emit(Fact{Kind: KindDatabase, Name: db, Value: "adapter", Line: s.LineOf(off)})
	}
}

func databaseMarks() []nameMark {
	return []nameMark{
		{kind: KindDatabase, name: "PDO", langs: inPHP(), lits: "new PDO(|new \\PDO("},
		{kind: KindDatabase, name: "MySQL", langs: inPHP(), lits: "mysqli_connect(|new mysqli(|new \\mysqli(|mysql_connect(|mysqli_query("},
		{kind: KindDatabase, name: "PostgreSQL", langs: inPHP(), lits: "pg_connect("},
		{kind: KindDatabase, name: "SQLite", langs: inPHP(), lits: "new SQLite3("},
		{kind: KindDatabase, name: "SQL Server", langs: inPHP(), lits: "sqlsrv_connect("},
		{kind: KindDatabase, name: "Medoo", langs: inPHP(), lits: "new Medoo("},
		{kind: KindDatabase, name: "Laravel database", langs: inPHP(), lits: "Schema::create|extends Authenticatable|Illuminate\\Database"},
		{kind: KindDatabase, name: "Laravel connections", langs: inPHP(), view: Strings, lits: "pgsql|mysql|sqlite", when: fileMentions("'connections'")},
		{kind: KindDatabase, name: "Doctrine", langs: inPHP(), lits: "Doctrine\\DBAL|Doctrine\\ORM"},
		{kind: KindDatabase, name: "CodeIgniter database", langs: inPHP(), lits: "$this->db->"},
		{kind: KindDatabase, name: "ActiveRecord", langs: inRuby(), lits: "ActiveRecord::Migration|ActiveRecord::Schema|ApplicationRecord|ActiveRecord::Base"},
		{kind: KindDatabase, name: "Sequel", langs: inRuby(), lits: "Sequel.connect|Sequel.sqlite|Sequel.postgres|Sequel::Model"},
		{kind: KindDatabase, name: "Cloudflare D1", langs: inJS(), lits: "D1Database", when: notImport},
		{kind: KindDatabase, name: "Cloudflare D1", langs: langs(lex.TOML, lex.JSON), view: Text, lits: "d1_databases", when: func(s *Source, off, _ int) bool { return !s.commented(off) }},
		{kind: KindDatabase, name: "SQLite", langs: inRuby(), lits: "SQLite3::Database"},
		{kind: KindDatabase, name: "DataMapper", langs: inRuby(), lits: "DataMapper.setup"},
		{kind: KindDatabase, name: "Haskell driver", langs: langs(lex.Haskell), lits: "Database.PostgreSQL.Simple|Hasql|Database.Persist|Database.SQLite.Simple|Database.MySQL"},
		{kind: KindDatabase, name: "PostgreSQL", langs: inRuby(), lits: "PG.connect|PG::Connection|PGconn.open"},
		{kind: KindDatabase, name: "MySQL", langs: inRuby(), lits: "Mysql2::Client"},
		{kind: KindDatabase, name: "SQL Server", langs: inDotNet(), lits: "UseSqlServer|SqlConnection|AddSqlServer"},
		{kind: KindDatabase, name: "SQLite", langs: inDotNet(), lits: "UseSqlite|SqliteConnection|SQLiteConnection"},
		{kind: KindDatabase, name: "PostgreSQL", langs: inDotNet(), lits: "UseNpgsql|NpgsqlConnection|AddNpgsqlDbContext|NpgsqlDataSource"},
		{kind: KindDatabase, name: "MySQL", langs: inDotNet(), lits: "UseMySql|UseMySQL|MySqlConnection"},
		{kind: KindDatabase, name: "connection string", langs: langs(lex.XML, lex.Unknown), view: Text, lits: `providerName="System.Data.SqlClient"|providerName="System.Data.EntityClient"|providerName="MySql.Data.MySqlClient"`, when: func(s *Source, off, _ int) bool {
			return !s.commented(off)
		}},
		{kind: KindDatabase, name: "Oracle", langs: inDotNet(), lits: "UseOracle|OracleConnection"},
		{kind: KindDatabase, name: "Ecto", langs: inElixir(), lits: "Ecto.Adapters.Postgres|Ecto.Adapters.MyXQL|Ecto.Adapters.SQLite3|Ecto.Adapters.Tds|use Ecto.Migration"},

		{kind: KindNoSQL, name: "Redis", view: Strings, lits: "redis://|rediss://"},
		{kind: KindNoSQL, name: "MongoDB", view: Strings, lits: "mongodb://|mongodb+srv://"},
		{kind: KindNoSQL, name: "DynamoDB", langs: inPython(), view: Strings, lits: "dynamodb", when: fileMentions("boto3", "aioboto3")},
		{kind: KindNoSQL, name: "DynamoDB", langs: inJS(), lits: "DynamoDB.DocumentClient|AWS.DynamoDB|new DynamoDBClient"},
		{kind: KindNoSQL, name: "Redis", langs: inPython(), view: Strings, lits: "django_redis.cache.RedisCache|channels_redis.core|django.core.cache.backends.redis.RedisCache"},
		{kind: KindNoSQL, name: "MongoDB", langs: inPython(), view: Strings, lits: "djongo"},
		{kind: KindNoSQL, name: "Firestore", langs: inJS(), lits: "getFirestore|.firestore(|firebase.database|getDatabase(|admin.database(", when: fileMentions("firebase")},
		{kind: KindNoSQL, name: "Firestore", langs: inPython(), lits: "firestore.client|firestore.Client|db.reference", when: fileMentions("firebase", "firestore")},
		{kind: KindNoSQL, name: "Firestore", langs: inGo(), lits: ".Firestore("},
		{kind: KindNoSQL, name: "Redis", langs: inRuby(), lits: ":redis_cache_store|queue_adapter = :sidekiq|queue_adapter = :resque|Redis.new|Redis::Client|Sidekiq::Worker|Sidekiq::Job|Sidekiq.configure_server|$redis"},
		{kind: KindNoSQL, name: "MongoDB", langs: inRuby(), lits: "Mongoid::Document|Mongo::Client"},
		{kind: KindNoSQL, name: "Elasticsearch", langs: inRuby(), lits: "Elasticsearch::Model|Elasticsearch::Client|searchkick"},
		{kind: KindNoSQL, name: "Redis", langs: inPHP(), lits: "new Redis(|new \\Redis(|Predis\\Client|Facades\\Redis|Redis::"},
		{kind: KindNoSQL, name: "MongoDB", langs: inPHP(), lits: "MongoDB\\Client|MongoDB\\Laravel|Jenssegers\\Mongodb|MongoDB\\Driver"},
		{kind: KindNoSQL, name: "Redis", langs: inDotNet(), lits: "ConnectionMultiplexer|AddStackExchangeRedisCache|AddRedisDistributedCache|AddRedisClient"},
		{kind: KindNoSQL, name: "MongoDB", langs: inDotNet(), lits: "MongoClient|IMongoCollection|IMongoDatabase"},
		{kind: KindNoSQL, name: "Cosmos DB", langs: inDotNet(), lits: "CosmosClient|UseCosmos"},
	}
}

func modelMarks() []nameMark {
	return []nameMark{
		{kind: KindMapper, name: "Dapper", langs: inDotNet(), lits: "using Dapper"},
		{kind: KindMapper, name: "MyBatis", langs: inJVM(), lits: "import org.apache.ibatis|import com.baomidou.mybatisplus"},
		{kind: KindMapper, name: "JdbcTemplate", langs: inJVM(), lits: "JdbcTemplate|NamedParameterJdbcTemplate|JdbcClient|DatabaseClient"},
		{kind: KindMapper, name: "jOOQ", langs: inJVM(), lits: "DSLContext"},
		{kind: KindMapper, name: "Jdbi", langs: inJVM(), lits: "org.jdbi"},
		{kind: KindMapper, name: "SQL library", langs: langs(lex.Scala), lits: "import doobie|import anorm|import scalikejdbc|import io.getquill"},
		{kind: KindMapper, name: "SQLDelight", langs: inJVM(), lits: "app.cash.sqldelight"},
		{kind: KindMapper, name: "sqlx", langs: inRust(), lits: "sqlx::query|sqlx::query_as|query_as!|query!|sqlx::FromRow"},

		{kind: KindModelUse, name: "loader", langs: inJS(), lits: "readdirSync|entities: [|models: [|autoLoadEntities|require-all|entitiesTs"},
	}
}

var modelScanners = []scanner{
	{langs: inJS(), triggers: []string{"mongoose.model", "model(", "model<", ".define(", "extends Model", "@Entity", "@Schema(", "@Table", "Table(", "extends BaseModel", "EntitySchema", "getModelForClass", "Model.init", "bookshelf.model", "extends ActiveRecord"}, scan: modelOfJavaScript},
	{langs: inPython(), triggers: []string{"class "}, scan: modelOfPython},
	{langs: inJVM(), triggers: []string{"@Entity", "@Document", "JpaRepository<", "extends PanacheEntity", "@MongoEntity", "PanacheMongoEntity", ": PanacheEntity", "IntIdTable", "LongIdTable", "UUIDTable", "Table(", "extends Table[", "@Table(", "Table<", "@MappedEntity"}, scan: modelOfJVM},
	{langs: inDotNet(), triggers: []string{"DbContext", "DbSet<", "ClassMap<"}, scan: modelOfDotNet},
	{langs: inRuby(), triggers: []string{"< ApplicationRecord", "< ActiveRecord::Base", "Mongoid::Document", "Sequel::Model", "DataMapper::Resource", "< Ohm::Model"}, scan: modelOfRuby},
	{langs: inPHP(), triggers: []string{"extends Model", "extends Authenticatable", "extends \\Illuminate\\Database\\Eloquent\\Model", "extends Pivot", "extends ActiveRecord", "extends Table", "extends Entity", "R::dispense", "extends BaseModel", "extends Eloquent", "extends \\yii\\db\\ActiveRecord"}, scan: modelOfPHP},
	{langs: inPHP(), view: Text, triggers: []string{"ORM\\Entity"}, scan: modelOfDoctrine},
	{langs: langs(lex.XML), view: Text, triggers: []string{"<entity ", "<class name="}, scan: modelOfMapping},
	{langs: inGo(), view: Code, triggers: []string{"gorm.Model", "AutoMigrate", "ent.Schema", "bun.BaseModel", "orm.RegisterModel", "pop.Connection", "gorm.Open", "xorm.NewEngine", "boil.", ".Sync2("}, scan: modelOfGo},
	{langs: inGo(), view: Text, triggers: []string{"gorm:\"", "bun:\"", "xorm:\""}, scan: modelOfGoTag},
	{langs: inRust(), triggers: []string{"DeriveEntityModel", "Queryable", "Insertable"}, scan: modelOfRust},
	{langs: inElixir(), triggers: []string{"schema "}, scan: modelOfElixir},
}

func (s *Source) model(off int, name, orm, scope string) {
	s.Emit(Fact{Kind: KindModel, Name: name, Value: orm, Scope: scope, Line: s.LineOf(off)})
}

var (
	jsVariable = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?:const|let|var)\s+(\w+)\b[^=]*=`) })
	className  = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`\b(?:class|record|object|trait|interface|struct|module)\s+(\w+)`)
	})
)

// variableOf is the variable that the statement of off assigns, "" if none.
func (s *Source) variableOf(off int) string {
	if m := jsVariable().FindStringSubmatch(s.line(Code, off)); m != nil {
		return m[1]
	}
	return ""
}

// classAt is the class that is declared on the line of off or within the next lines, "" if none.
func (s *Source) classAt(off, lines int) string {
	if m := className().FindSubmatch(s.Between(Code, s.LineStart(off), s.LineEnd(off, lines))); m != nil {
		return string(m[1])
	}
	return ""
}

func modelOfJavaScript(s *Source, off int) {
	at := func(p string) bool { return strings.HasPrefix(string(s.Between(Text, off, off+40)), p) }
	v := s.variableOf(off)
	switch {
	case at("mongoose.model"), at("model(") || at("model<"):
		if !s.mentions("mongoose") || at("model") && off > 0 && (identifier(s.Raw[off-1]) || s.Raw[off-1] == '.') {
			return
		}
		s.jsModel(off, v, "Mongoose")
	case at(".define("):
		if s.mentions("equelize", "DataTypes") {
			s.jsModel(off, v, "Sequelize")
		}
	case at("extends Model"), at("Model.init"):
		orm := "Sequelize"
		if s.mentions("objection") {
			orm = "Objection"
		} else if !s.mentions("equelize", "DataTypes") {
			return
		}
		s.jsModel(off, s.classAt(off, 0), orm)
	case at("@Entity"):
		if !at("@EntityRepository") && !at("@EntitySubscriber") && s.mentions("typeorm", "mikro-orm") {
			s.jsModel(off, s.classAt(off, 8), "TypeORM")
		}
	case at("EntitySchema"):
		if s.mentions("typeorm", "mikro-orm") && at("EntitySchema(") {
			s.jsModel(off, v, "TypeORM")
		}
	case at("@Schema("):
		if s.mentions("nestjs/mongoose") {
			s.jsModel(off, s.classAt(off, 8), "Mongoose")
		}
	case at("getModelForClass"):
		s.jsModel(off, v, "Typegoose")
	case at("@Table"):
		if s.mentions("sequelize-typescript") {
			s.jsModel(off, s.classAt(off, 8), "Sequelize")
		}
	case at("extends BaseModel"):
		if s.mentions("adonis", "Lucid") {
			s.jsModel(off, s.classAt(off, 0), "Lucid")
		}
	case at("bookshelf.model"):
		s.jsModel(off, v, "Bookshelf")
	case at("Table("):
		if s.mentions("drizzle-orm") && off > 0 && identifier(s.Raw[off-1]) {
			s.jsModel(off, v, "Drizzle")
		}
	}
}

// jsModel emits a model, and its use where the same file queries it.
func (s *Source) jsModel(off int, name, orm string) {
	s.model(off, name, orm, name)
	if name == "" {
		return
	}
	for _, call := range []string{".find", ".create(", ".findOne", ".insert", ".update", ".delete", ".count", ".aggregate", ".query("} {
		if s.mentions(name + call) {
			s.Emit(Fact{Kind: KindModelUse, Name: name, Line: s.LineOf(off)})
			return
		}
	}
	if s.mentions("new " + name + "(") {
		s.Emit(Fact{Kind: KindModelUse, Name: name, Line: s.LineOf(off)})
	}
}

func modelOfPython(s *Source, off int) {
	if !s.startsLine(off) {
		return
	}
	head := string(s.Between(Code, off+len("class "), off+400))
	name, rest, ok := strings.Cut(head, "(")
	if name = strings.TrimSpace(name); !ok || name == "" || strings.ContainsAny(name, ": \n") {
		return
	}
	parents, _, _ := strings.Cut(rest, ")")
	for parent := range strings.SplitSeq(parents, ",") {
		parent = strings.TrimSpace(parent)
		if orm := pythonORM(s, parent, parents, off); orm != "" {
			s.model(off, name, orm, "")
			return
		}
	}
}

func pythonORM(s *Source, parent, parents string, off int) string {
	last := parent[strings.LastIndexByte(parent, '.')+1:]
	switch {
	case parent == "models.Model" || last == "TimeStampedModel" || last == "MPTTModel" || last == "AbstractUser" || last == "AbstractBaseUser" || last == "Page" && s.mentions("wagtail"):
		if s.mentions("tortoise") {
			return "Tortoise"
		}
		if s.mentions("django", "wagtail", "models.") {
			return "Django ORM"
		}
	case parent == "db.Model":
		return "SQLAlchemy"
	case strings.Contains(parents, "table=True") || strings.Contains(parents, "table = True"):
		return "SQLModel"
	case parent == "db.Entity" && s.mentions("pony"):
		return "Pony"
	case last == "Model" && s.mentions("peewee"):
		return "peewee"
	case last == "Model" && s.mentions("tortoise"):
		return "Tortoise"
	case last == "Model" && s.mentions("odmantic"):
		return "ODMantic"
	case (last == "Document" || last == "EmbeddedDocument" || last == "DynamicDocument") && s.mentions("mongoengine", "beanie", "bunnet", "umongo", "MongoEngine", "db.Document"):
		return "MongoDB ODM"
	}
	body := string(s.Between(Code, off, off+1500))
	if i := strings.Index(body[1:], "\nclass "); i >= 0 {
		body = body[:i+1]
	}
	if strings.Contains(body, "__tablename__") || strings.Contains(body, "mapped_column(") || strings.Contains(body, "Column(") && s.mentions("sqlalchemy", "SQLAlchemy") {
		return "SQLAlchemy"
	}
	return ""
}

func modelOfJVM(s *Source, off int) {
	at := func(p string) bool { return strings.HasPrefix(string(s.Between(Text, off, off+40)), p) }
	switch {
	case at("@Entity"):
		if at("@EntityGraph") || at("@EntityListeners") || at("@EntityScan") {
			return
		}
		if s.mentions("persistence.", "androidx.room", "io.micronaut.data", "dev.morphia") {
			s.model(off, s.classAt(off, 20), "JPA", "")
		}
	case at("@MappedEntity"):
		s.model(off, s.classAt(off, 10), "Micronaut Data", "")
	case at("@Document"):
		if s.mentions("data.mongodb", "data.elasticsearch", "data.couchbase") {
			s.model(off, s.classAt(off, 10), "Spring Data", "")
		}
	case at("@Table("):
		if s.mentions("data.relational", "data.cassandra") {
			s.model(off, s.classAt(off, 10), "Spring Data", "")
		}
	case at("JpaRepository<"):
		return
	case at("@MongoEntity"):
		s.model(off, s.classAt(off, 8), "Panache", "")
	case at("PanacheMongoEntity"), at(": PanacheEntity"):
		if line := s.line(Code, off); !strings.Contains(line, "import ") && strings.Contains(line, "class ") {
			s.model(off, s.classAt(off, 0), "Panache", "")
		}
	case at("extends PanacheEntity"):
		s.model(off, s.classAt(off, 0), "Panache", "")
	case at("extends Table["):
		if s.mentions("slick", "profile.api", "tag: Tag") {
			s.model(off, s.classAt(off, 0), "Slick", "")
		}
	default:
		if s.said(KindModel, s.classAt(off, 0), s.LineOf(off)) {
			return // its parent and its parent's call are both triggers
		}
		// Tables often share a base class, which knows the library when they do not.
		if line := s.line(Code, off); s.mentions("jetbrains.exposed", "org.ktorm") && (strings.Contains(line, "object ") || strings.Contains(line, "abstract class ") || strings.Contains(line, "open class ")) {
			s.model(off, s.classAt(off, 0), "Exposed", "")
		}
	}
}

func modelOfDotNet(s *Source, off int) {
	at := func(p string) bool { return strings.HasPrefix(string(s.Between(Text, off, off+20)), p) }
	line := s.line(Code, off)
	switch {
	case at("DbSet<") && strings.Contains(line, "public"):
		name, _, _ := strings.Cut(string(s.Between(Text, off+len("DbSet<"), s.LineEnd(off, 0))), ">")
		s.model(off, name[strings.LastIndexByte(name, '.')+1:], "Entity Framework", "")
	case at("DbContext") && strings.Contains(line, "class ") && strings.Contains(line, "IdentityDbContext"):
		s.model(off, s.classAt(off, 0), "Entity Framework", "")
	case at("ClassMap<") && s.mentions("NHibernate"):
		s.model(off, s.classAt(off, 0), "NHibernate", "")
	}
}

func modelOfRuby(s *Source, off int) {
	name := s.classAt(off, 0)
	if name == "ApplicationRecord" {
		return
	}
	orm := "ActiveRecord"
	switch line := s.line(Code, off); {
	case strings.Contains(line, "Mongoid"):
		orm, name = "Mongoid", ""
	case strings.Contains(line, "Sequel"):
		if !strings.Contains(line, "<") {
			return
		}
		orm = "Sequel"
	case strings.Contains(line, "DataMapper"):
		orm = "DataMapper"
	}
	s.model(off, name, orm, "")
}

func modelOfPHP(s *Source, off int) {
	at := func(p string) bool { return strings.HasPrefix(string(s.Between(Text, off, off+60)), p) }
	name := s.classAt(off, 0)
	switch {
	case at("extends Authenticatable"), at("extends Pivot"), at("extends Eloquent"), at("extends \\Illuminate"):
		s.model(off, name, "Eloquent", "")
	case at("extends Model"), at("extends BaseModel"):
		switch {
		case at("extends ModelE"), at("extends ModelF"):
		case s.mentions("Illuminate\\Database", "HasFactory", "Eloquent", "$this->belongsTo(", "$this->hasMany("):
			s.model(off, name, "Eloquent", "")
		case s.mentions("Phalcon"):
			s.model(off, name, "Phalcon", "")
		case s.mentions("CodeIgniter\\Model"):
			s.Emit(Fact{Kind: KindMapper, Name: "CodeIgniter model", Line: s.LineOf(off)})
		}
	case at("extends ActiveRecord"), at("extends \\yii"):
		s.model(off, name, "ActiveRecord", "")
	case at("R::dispense"):
		if s.mentions("RedBean", "R::setup", "R::store") {
			s.model(off, name, "RedBean", "")
		}
	default:
		if s.mentions("Cake\\ORM") {
			s.model(off, name, "CakePHP ORM", "")
		}
	}
}

func modelOfDoctrine(s *Source, off int) {
	line := s.line(Text, off)
	if strings.Contains(line, "@ORM\\Entity") || strings.Contains(line, "#[ORM\\Entity") {
		s.model(off, s.classAt(off, 30), "Doctrine", "")
	}
}

// modelOfMapping reads the XML mappings of Doctrine and Hibernate.
func modelOfMapping(s *Source, off int) {
	if s.commented(off) {
		return
	}
	switch {
	case s.Raw[off+1] == 'e' && s.mentions("doctrine-mapping"):
		s.model(off, "", "Doctrine", "")
	case s.Raw[off+1] == 'c' && s.mentions("hibernate-mapping"):
		s.model(off, "", "Hibernate", "")
	}
}

func modelOfGo(s *Source, off int) {
	at := func(p string) bool { return strings.HasPrefix(string(s.Between(Text, off, off+20)), p) }
	switch {
	case at("gorm.Model"), at("AutoMigrate"):
		if s.mentions("gorm") {
			s.model(off, "", "GORM", "")
		}
	case at("gorm.Open"):
		s.Emit(Fact{Kind: KindModelUse, Name: "GORM", Line: s.LineOf(off)})
	case at("ent.Schema"):
		s.model(off, "", "Ent", "")
	case at("bun.BaseModel"):
		s.model(off, "", "Bun", "")
	case at("orm.RegisterModel"):
		s.model(off, "", "Beego ORM", "")
	case at(".Sync2("), at("xorm.NewEngine"):
		if s.mentions("xorm") {
			s.model(off, "", "xorm", "")
		}
	}
}

func modelOfGoTag(s *Source, off int) {
	if s.commented(off) || off > 0 && identifier(s.Raw[off-1]) {
		return
	}
	orm := map[byte]string{'g': "GORM", 'b': "Bun", 'x': "xorm"}[s.Raw[off]]
	s.model(off, "", orm, "")
}

func modelOfRust(s *Source, off int) {
	switch {
	case strings.HasPrefix(string(s.Between(Text, off, off+20)), "DeriveEntityModel"):
		s.model(off, s.classAt(off, 6), "SeaORM", "")
	case s.mentions("diesel", "schema::"):
		s.model(off, s.classAt(off, 6), "Diesel", "")
	}
}

func modelOfElixir(s *Source, off int) {
	if name, ok := s.quoted(off+len("schema "), ""); ok && s.startsLine(off) && s.mentions("field :", "field(:", "belongs_to", "has_many", "Ecto.Schema") {
		s.model(off, name, "Ecto", "")
	}
}
