package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"milepost/storage"
)

type migrateOptions struct {
	status           bool
	from, to, backup string
}

func newMigrate(std streams, getenv func(string) string) *cobra.Command {
	var o migrateOptions
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Bring the database's schema up to date, move the data to another database, or back it up",
		Long: `Applies what is missing to the database in DATABASE_URL. ` + "`milepost serve`" + ` does this by itself at its start.

With --from and --to everything is copied from one database to another one that is empty, of either kind, for example to go from SQLite to PostgreSQL.
Stop the server first. It is all or nothing, and the source stays as it is; it must have the schema of this version.

With --backup the SQLite database in DATABASE_URL is written to a new file, also while the server runs; the file opens like any database. For
PostgreSQL use pg_dump.`,
		Example: "  milepost migrate\n  milepost migrate --from sqlite:///data/milepost.db --to postgres://milepost@db/milepost\n  milepost migrate --backup /backup/milepost.db",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			switch {
			case (o.from == "") != (o.to == ""):
				return errors.New("--from and --to belong together: name the database to read and the empty one to write")
			case o.from != "" && (o.status || o.backup != ""):
				return errors.New("--from and --to go with no other flag")
			case o.from != "":
				return move(ctx, std, o.from, o.to)
			case o.backup != "":
				return backUp(ctx, std, getenv("DATABASE_URL"), o.backup)
			}
			return migrate(ctx, std, getenv("DATABASE_URL"), o.status)
		},
	}
	cmd.Flags().BoolVar(&o.status, "status", false, "only say what is applied and what is missing")
	cmd.Flags().StringVar(&o.from, "from", "", "copy everything from this database, as in DATABASE_URL")
	cmd.Flags().StringVar(&o.to, "to", "", "to this one, which has no data yet")
	cmd.Flags().StringVar(&o.backup, "backup", "", "write a copy of the SQLite database to a new `FILE`")
	return cmd
}

// with opens a database, does something with it, and closes it.
func with(ctx context.Context, url string, opts storage.Options, do func(*storage.Store) error) (err error) {
	store, err := storage.Open(ctx, url, opts)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := store.Close(); err == nil {
			err = cerr
		}
	}()
	return do(store)
}

func migrate(ctx context.Context, std streams, url string, status bool) error {
	return with(ctx, url, storage.Options{NoMigrate: true, Shared: status}, func(store *storage.Store) error {
		list := store.Migrate
		if status {
			list = store.MigrationStatus
		}
		all, err := list(ctx)
		if err != nil {
			return err
		}
		for _, m := range all {
			if _, err := fmt.Fprintln(std.out, m); err != nil {
				return err
			}
		}
		if len(all) == 0 {
			_, err = fmt.Fprintln(std.out, "the schema is up to date")
		}
		return err
	})
}

// move copies a database. The lock of a SQLite source is taken, so that a server that still runs on it is noticed.
func move(ctx context.Context, std streams, from, to string) error {
	return with(ctx, from, storage.Options{ReadOnly: true}, func(source *storage.Store) error {
		steps, err := source.MigrationStatus(ctx)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(steps, func(m storage.Migration) bool { return m.AppliedAt.IsZero() }) {
			return errors.New("the source has the schema of an older version; run `milepost migrate` on it first")
		}
		return with(ctx, to, storage.Options{}, func(target *storage.Store) error {
			copied, err := storage.Copy(ctx, source, target)
			if errors.Is(err, storage.ErrConflict) {
				return fmt.Errorf("%w; name an empty database with --to", err)
			}
			if err != nil {
				return err
			}
			var rows int64
			for _, table := range slices.Sorted(maps.Keys(copied)) {
				rows += copied[table]
				if copied[table] == 0 {
					continue
				}
				if _, err := fmt.Fprintf(std.out, "%-15s %d\n", table, copied[table]); err != nil {
					return err
				}
			}
			_, err = fmt.Fprintf(std.out, "copied %d rows; set DATABASE_URL to the new database and start the server\n", rows)
			return err
		})
	})
}

func backUp(ctx context.Context, std streams, url, file string) error {
	return with(ctx, url, storage.Options{Shared: true, NoMigrate: true}, func(store *storage.Store) error {
		err := store.Backup(ctx, file)
		if errors.Is(err, storage.ErrConflict) {
			return fmt.Errorf("%s exists already; name a new file", file)
		}
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(std.out, "backed up to %s\n", file)
		return err
	})
}
