package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"milepost/storage"
)

func newMigrate(std streams, getenv func(string) string) *cobra.Command {
	var status bool
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Bring the database's schema up to date",
		Long:  "Applies what is missing to the database in DATABASE_URL. `milepost serve` does this by itself at its start.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			ctx := cmd.Context()
			store, err := storage.Open(ctx, getenv("DATABASE_URL"), storage.Options{NoMigrate: true, Shared: status})
			if err != nil {
				return err
			}
			defer func() {
				if cerr := store.Close(); err == nil {
					err = cerr
				}
			}()
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
		},
	}
	cmd.Flags().BoolVar(&status, "status", false, "only say what is applied and what is missing")
	return cmd
}
