-- +goose Up

-- What PostgreSQL tells other processes, SQLite's one process knows.
SELECT 1;

-- +goose Down
SELECT 1;
