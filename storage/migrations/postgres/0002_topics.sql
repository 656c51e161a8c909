-- +goose Up

-- The topics that a repository has on GitHub, with a space between two.
ALTER TABLE repositories ADD COLUMN topics TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE repositories DROP COLUMN topics;
