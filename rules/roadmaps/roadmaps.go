// Package roadmaps holds the roadmaps that come with the program. Each is a folder: roadmap.yaml, one file for each step, and the
// examples of its milestones.
package roadmaps

import (
	"embed"
	"fmt"
	"io/fs"
	"sync"

	"milepost/rules"
)

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

var backend = sync.OnceValues(func() (*rules.Roadmap, error) { return rules.ParseDir(files, Default) })

// Files are the built-in roadmaps as they are written, by folder.
func Files() fs.FS { return files }
