// Package migrations holds the schema of Milepost's database, step by step, once for SQLite and once for PostgreSQL. Files of the same number
// lead to the same tables and columns; only types and identity columns differ. A step is only ever added, and only adds:
// during a rolling update an older program works on a newer schema.
package migrations

import "embed"

// FS holds the steps: sqlite/NNNN_name.sql and postgres/NNNN_name.sql.
//
//go:embed sqlite/*.sql postgres/*.sql
var FS embed.FS
