-- +goose Up

-- What the operator's page, the metrics and the doctor count, as indexes: no count walks through a table.
CREATE INDEX work_queue ON work (kind, priority, parked, ready_at) WHERE ready_at IS NOT NULL AND owner = '';
CREATE INDEX work_failing ON work (changed_at) WHERE last_error <> '';
CREATE INDEX repositories_state ON repositories (state) WHERE removed_at IS NULL;

-- +goose Down
DROP INDEX repositories_state;
DROP INDEX work_failing;
DROP INDEX work_queue;
