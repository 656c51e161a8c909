package evaluate

import (
	"context"
	"encoding/json"
	"fmt"

	"milepost/rules/facts"
	"milepost/storage"
)

// factsCache keeps facts in storage under one fingerprint, and remembers what it read during a run.
type factsCache struct {
	store       *storage.Store
	fingerprint string
	seen        map[facts.Key]*facts.File
	trial       bool // keep nothing
}

func newFactsCache(s *storage.Store, fingerprint string) *factsCache {
	return &factsCache{store: s, fingerprint: fingerprint, seen: map[facts.Key]*facts.File{}}
}

func blobKey(k facts.Key) string { return k.Blob + ":" + k.Name }

// Get implements [facts.Cache]. Facts that an older program wrote in a form this one cannot read are as good as missing.
func (c *factsCache) Get(ctx context.Context, keys []facts.Key) (map[facts.Key]*facts.File, error) {
	ask := make([]string, 0, len(keys))
	byName := make(map[string]facts.Key, len(keys))
	for _, k := range keys {
		if k.Blob != "" && c.seen[k] == nil {
			ask = append(ask, blobKey(k))
			byName[blobKey(k)] = k
		}
	}
	if len(ask) > 0 {
		got, err := c.store.Facts(ctx, c.fingerprint, ask)
		if err != nil {
			return nil, fmt.Errorf("evaluate: read facts: %w", err)
		}
		for name, data := range got {
			var f facts.File
			if json.Unmarshal(data, &f) == nil {
				c.seen[byName[name]] = &f
			}
		}
	}
	out := make(map[facts.Key]*facts.File, len(keys))
	for _, k := range keys {
		if f := c.seen[k]; f != nil {
			out[k] = f
		}
	}
	return out, nil
}

// Put implements [facts.Cache].
func (c *factsCache) Put(ctx context.Context, files map[facts.Key]*facts.File) error {
	rows := make(map[string][]byte, len(files))
	for k, f := range files {
		data, err := json.Marshal(f)
		if err != nil {
			return fmt.Errorf("evaluate: encode facts: %w", err)
		}
		rows[blobKey(k)] = data
		c.seen[k] = f
	}
	if len(rows) == 0 || c.trial {
		return nil
	}
	if err := c.store.PutFacts(ctx, c.fingerprint, rows); err != nil {
		return fmt.Errorf("evaluate: store facts: %w", err)
	}
	return nil
}
