package bot

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"milepost/bot/work"
	"milepost/storage"
)

// attrKey is the context key of what every line logged under a context says besides.
type attrKey struct{}

// withAttrs adds attributes to every line that is logged with the context.
func withAttrs(ctx context.Context, attrs ...slog.Attr) context.Context {
	have, _ := ctx.Value(attrKey{}).([]slog.Attr)
	return context.WithValue(ctx, attrKey{}, append(slices.Clip(have), attrs...))
}

// attrHandler adds the attributes of the context to each line.
type attrHandler struct{ slog.Handler }

// Handle implements slog.Handler.
func (h attrHandler) Handle(ctx context.Context, r slog.Record) error {
	if attrs, ok := ctx.Value(attrKey{}).([]slog.Attr); ok {
		r.AddAttrs(attrs...)
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h attrHandler) WithAttrs(a []slog.Attr) slog.Handler {
	return attrHandler{h.Handler.WithAttrs(a)}
}

// WithGroup implements slog.Handler.
func (h attrHandler) WithGroup(name string) slog.Handler {
	return attrHandler{h.Handler.WithGroup(name)}
}

// told wraps a handler of work: every line logged under it carries the job, and one line says what failed for whom.
func (s *Server) told(handle func(context.Context, *work.Claim) error) work.Handler {
	return work.HandlerFunc(func(ctx context.Context, c *work.Claim) error {
		began := time.Now()
		ctx = withAttrs(ctx, slog.String("job", c.Kind+"/"+c.ID), slog.Int("attempt", c.Attempts))
		var attrs []slog.Attr
		if s.log.Enabled(ctx, slog.LevelDebug) {
			attrs = s.concerned(ctx, c) // before the mailbox is emptied
		}
		err := handle(ctx, c)
		level, text := slog.LevelDebug, "a run ended"
		var snooze *work.SnoozeError
		if err != nil {
			level, text = slog.LevelWarn, "a run failed"
			if errors.As(err, &snooze) {
				level, text = slog.LevelInfo, "a run waits"
			}
			if attrs == nil && s.log.Enabled(ctx, level) {
				attrs = s.concerned(ctx, c)
			}
			attrs = append(attrs, slog.Any("error", err))
		}
		s.log.LogAttrs(ctx, level, text, append(attrs, slog.Duration("took", time.Since(began)))...)
		return err
	})
}

// maxListed bounds the deliveries that one line names.
const maxListed = 10

// concerned says whose job it is: installation, repository, and the deliveries that wait in its mailbox. It reads the database, so it is asked only
// where a line is written.
func (s *Server) concerned(ctx context.Context, c *work.Claim) []slog.Attr {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	var out []slog.Attr
	switch id, err := strconv.ParseInt(c.ID, 10, 64); {
	case err != nil:
	case c.Kind == storage.KindInstall:
		out = append(out, slog.Int64("installation", id))
	case c.Kind == storage.KindRepo:
		if repo, err := s.store.Repository(ctx, id); err == nil {
			out = append(out, slog.Int64("installation", repo.InstallationID), slog.String("repository", repo.FullName()))
		}
	}
	if box, err := s.store.Pending(ctx, c.Key, maxListed); err == nil && len(box) > 0 {
		guids := make([]string, 0, len(box))
		for _, d := range box {
			guids = append(guids, d.GUID)
		}
		out = append(out, slog.Any("delivery", guids))
	}
	return out
}
