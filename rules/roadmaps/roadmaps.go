// Package roadmaps holds the roadmaps that come with the program. Each is a folder: roadmap.yaml, one file for each step, and the
// examples of its milestones. What the program uses is generated from it (backend_gen.go), so that no start pays for parsing YAML.
package roadmaps

import (
	"embed"
	"fmt"
	"io/fs"
	"sync"

	"milepost/rules"
)

//go:generate go run ./generate

//go:embed backend
var files embed.FS

// Default is the id of the roadmap for repositories whose configuration names none.
const Default = "backend"

// Load returns the built-in roadmap of an id. The error names the ids there are.
func Load(id string) (*rules.Roadmap, error) {
	if id != Default {
		return nil, fmt.Errorf("there is no built-in roadmap %q; there is %q", id, Default)
	}
	return backend()
}

var backend = sync.OnceValues(func() (*rules.Roadmap, error) {
	r := backendValue()
	if err := r.Prepare(); err != nil {
		return nil, fmt.Errorf("built-in roadmap: %w", err)
	}
	return r, nil
})

// Files are the built-in roadmaps as they are written, by folder.
func Files() fs.FS { return files }
