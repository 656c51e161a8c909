package lex

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// samples are pieces of ordinary programs from which the benchmark's sources are made.
var samples = map[Language]string{
	JavaScript: "import express from 'express';\nimport { findUser } from \"./users.js\";\n\n/**\n * Router %[1]d of the shop.\n * @returns {express.Router}\n */\nexport function router%[1]d(db, logger) {\n  const router = express.Router();\n  // don't cache: the list changes often\n  router.get('/users/:id', async (req, res, next) => {\n    try {\n      const user = await findUser(db, `SELECT * FROM users WHERE id = ${Number(req.params.id) / 1}`);\n      if (!user || /^\\s*$/.test(user.name)) {\n        return res.status(404).json({ error: \"user not found\", id: req.params.id });\n      }\n      for (let i = 0; i < user.orders.length; i++) {\n        logger.info({ order: user.orders[i] }, 'order');\n      }\n      res.json(user);\n    } catch (err) {\n      next(err);\n    }\n  });\n  return router;\n}\n\n",
	TypeScript: "export interface Order%[1]d<T extends object> { id: number; items: Array<T>; note?: 'gift' | 'none' }\n\nexport const List%[1]d: React.FC<Props> = ({ orders, onSelect }) => {\n  const [open, setOpen] = useState<boolean>(false);\n  useEffect(() => { fetchAll().then((r) => setOrders(r as Order[])); }, []); // once\n  return (\n    <section className=\"orders\">\n      <h2>You haven't ordered yet</h2>\n      {orders.map((o) => (\n        <button key={o.id} onClick={() => onSelect(o)} disabled={!open}>{`Order ${o.id}`}</button>\n      ))}\n    </section>\n  );\n};\n\n",
	Python:     "import logging\n\nfrom flask import Blueprint, jsonify\n\nlog = logging.getLogger(__name__)\n\n\nclass Orders%[1]d(Base):\n    \"\"\"Orders of a customer.\n\n    They aren't paid yet.\n    \"\"\"\n\n    __tablename__ = 'orders_%[1]d'\n\n    def total(self, rate: float = 0.19) -> float:\n        # taxes are included\n        amounts = [line.price * line.count for line in self.lines if line.count > 0]\n        log.info(f\"total of {self.id}: {sum(amounts):.2f}\")\n        return sum(amounts) * (1 + rate)\n\n    @classmethod\n    def find(cls, session, key):\n        return session.execute(\"SELECT * FROM orders WHERE id = %%s\", (key,)).first()\n\n\n",
	Java:       "package com.example.shop;\n\nimport org.springframework.web.bind.annotation.GetMapping;\n\n/**\n * Shows orders.\n *\n * @since %[1]d\n */\n@RestController\n@RequestMapping(\"/api/orders%[1]d\")\npublic class OrderController%[1]d {\n\n    private final OrderRepository orders;\n\n    public OrderController%[1]d(OrderRepository orders) {\n        this.orders = orders; // never null\n    }\n\n    @GetMapping(\"/{id}\")\n    public ResponseEntity<Order> find(@PathVariable(\"id\") long id) {\n        return orders.findById(id)\n                .map(order -> ResponseEntity.ok().header(\"X-Total\", String.valueOf(order.total() / 100)).body(order))\n                .orElseGet(() -> ResponseEntity.notFound().build());\n    }\n}\n\n",
	Go:         "// Order%[1]d is one order of a customer.\ntype Order%[1]d struct {\n\tID    int64     `json:\"id\"`\n\tTotal int64     `json:\"total\"`\n\tAt    time.Time `json:\"at\"`\n}\n\n// find%[1]d returns the order with the given id.\nfunc (s *Store) find%[1]d(ctx context.Context, id int64) (*Order%[1]d, error) {\n\tconst query = `SELECT id, total, at\n\t\tFROM orders WHERE id = $1`\n\tvar o Order%[1]d\n\tif err := s.db.QueryRowContext(ctx, query, id).Scan(&o.ID, &o.Total, &o.At); err != nil {\n\t\treturn nil, fmt.Errorf(\"store: find order %%d: %%w\", id, err)\n\t}\n\tif o.Total < 0 || o.At.IsZero() {\n\t\treturn nil, errBroken\n\t}\n\treturn &o, nil\n}\n\n",
	Ruby:       "# Orders of a customer.\nclass Order%[1]d < ApplicationRecord\n  belongs_to :customer, class_name: \"Customer\"\n  validates :number, presence: true, format: /\\A[A-Z]'?\\d+\\z/\n\n  STATES = %%w[open paid sent].freeze\n\n  def self.report(year)\n    connection.select_all(<<~SQL, 'report')\n      SELECT sum(total) FROM orders WHERE year = #{year.to_i}\n    SQL\n  end\n\n  def label\n    \"#{customer.name}: #{lines.map { |l| l.total / 100 }.sum}\" # don't round\n  end\nend\n\n",
	CSharp:     "/// <summary>Orders %[1]d.</summary>\n[ApiController]\n[Route(\"api/[controller]\")]\npublic class Orders%[1]dController : ControllerBase\n{\n    private readonly ShopContext _db;\n\n    [HttpGet(\"{id:int}\")]\n    public async Task<IActionResult> Get(int id)\n    {\n        var order = await _db.Orders.FirstOrDefaultAsync(o => o.Id == id); // may be null\n        if (order is null) return NotFound(new { message = $\"no order {id}\" });\n        _log.LogInformation(@\"c:\\logs {0}\", order.Total / 100m);\n        return Ok(order);\n    }\n}\n\n",
	Rust:       "/// An order of a customer.\n#[derive(Debug, Serialize)]\npub struct Order%[1]d<'a> {\n    pub id: i64,\n    pub note: &'a str,\n}\n\nimpl<'a> Order%[1]d<'a> {\n    pub async fn find(pool: &PgPool, id: i64) -> Result<Self, sqlx::Error> {\n        // isn't cached\n        let row = sqlx::query(r#\"SELECT id, \"note\" FROM orders WHERE id = $1\"#).bind(id).fetch_one(pool).await?;\n        let sep = ';';\n        println!(\"found {} {}\", row.id / 2, sep);\n        Ok(row.into())\n    }\n}\n\n",
}

// sample returns about a megabyte of l.
func sample(l Language) []byte {
	const size = 1 << 20
	var b bytes.Buffer
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, samples[l], i)
	}
	return b.Bytes()
}

// BenchmarkSplit splits made-up but ordinary sources.
func BenchmarkSplit(b *testing.B) {
	for _, l := range []Language{JavaScript, TypeScript, Python, Java, Go, Ruby, CSharp, Rust} {
		src := sample(l)
		b.Run(l.String(), func(b *testing.B) { benchmarkSplit(b, l, [][]byte{src}) })
	}
}

// BenchmarkSplitTree splits the files of a folder named by MILEPOST_LEX_TREE, by language.
func BenchmarkSplitTree(b *testing.B) {
	root := os.Getenv("MILEPOST_LEX_TREE")
	if root == "" {
		b.Skip("MILEPOST_LEX_TREE names no folder")
	}
	const most = 64 << 20 // bytes of each language
	files := map[Language][][]byte{}
	sizes := map[Language]int{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		l := ByPath(path)
		if !l.GeneralPurpose() || sizes[l] > most {
			return nil
		}
		src, err := os.ReadFile(path)
		files[l] = append(files[l], src)
		sizes[l] += len(src)
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	for l := range languageCount {
		if sizes[l] > 0 {
			b.Run(l.String(), func(b *testing.B) { benchmarkSplit(b, l, files[l]) })
		}
	}
}

func benchmarkSplit(b *testing.B, l Language, files [][]byte) {
	var v Views
	size := 0
	for _, src := range files {
		size += len(src)
		Split(l, src, &v)
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		for _, src := range files {
			Split(l, src, &v)
		}
	}
}

// BenchmarkHostile splits the sources found to cost most: the speed must not
// depend on the size.
func BenchmarkHostile(b *testing.B) {
	for _, c := range []struct {
		lang  Language
		piece string
	}{
		{Ruby, "/)"}, {JavaScript, ")/"}, {JavaScript, "<a)"}, {JavaScript, "=<a>{"}, {Shell, "<<A\n"}, {Ruby, "<<A <<B "},
		{Kotlin, "`a"}, {SQL, "$a$b"}, {CPP, `R"a(`}, {YAML, `"\`}, {Python, "\"\"\n"}, {PHP, "<<<A\n"},
	} {
		for _, size := range []int{1 << 16, 1 << 20} {
			src := bytes.Repeat([]byte(c.piece), size/len(c.piece))
			b.Run(fmt.Sprintf("%s %q %d", c.lang, c.piece, size), func(b *testing.B) { benchmarkSplit(b, c.lang, [][]byte{src}) })
		}
	}
}
