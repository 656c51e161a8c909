-- +goose Up

-- Tells all processes which repository changed, whichever version of the program changes it. On SQLite there is one process.
-- +goose StatementBegin
CREATE FUNCTION repositories_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('milepost_repositories', coalesce(NEW.id, OLD.id)::text);
  RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER repositories_changed AFTER INSERT OR UPDATE OR DELETE ON repositories FOR EACH ROW EXECUTE FUNCTION repositories_changed();

-- +goose Down
DROP TRIGGER repositories_changed ON repositories;
DROP FUNCTION repositories_changed();
