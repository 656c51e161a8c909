// Package inforce says what a repository is judged by, as it is stored: its configuration over its organisation's defaults, and the roadmap that
// the two name. Who reads and stores the files is package evaluate's business.
package inforce

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"milepost/rules"
	"milepost/rules/config"
	"milepost/rules/roadmaps"
	"milepost/storage"
)

// DefaultsKey is the setting that holds an owner's defaults, as JSON of config.Config.
func DefaultsKey(owner string) string { return storage.SettingDefaults + strings.ToLower(owner) }

// RoadmapKey is the setting that holds a roadmap file of a repository ("owner/name"), as JSON of [File].
func RoadmapKey(fullName, path string) string {
	return storage.SettingRoadmap + strings.ToLower(fullName) + "/" + path
}

// File is the stored form of a roadmap file.
type File struct {
	Blob string `json:"blob"` // "": there is none
	Data []byte `json:"data"`
}

// Settings reads what is stored under a key.
type Settings interface {
	// Setting answers storage.ErrNotFound when there is nothing.
	Setting(ctx context.Context, key string) ([]byte, error)
}

// Defaults are the defaults that an owner's .github repository holds, as last seen.
func Defaults(ctx context.Context, s Settings, owner string) (config.Config, error) {
	var c config.Config
	err := read(ctx, s, DefaultsKey(owner), &c)
	return c, err
}

// Own is the repository's own configuration, the last good one.
func Own(repo *storage.Repository) (config.Config, error) {
	var own config.Config
	if len(repo.Config) == 0 {
		return own, nil
	}
	if err := json.Unmarshal(repo.Config, &own); err != nil {
		return own, fmt.Errorf("stored configuration of repository %d: %w", repo.ID, err)
	}
	return own, nil
}

// Configuration is the configuration in force: the repository's own over the defaults.
func Configuration(repo *storage.Repository, defaults config.Config) (config.Config, error) {
	own, err := Own(repo)
	return config.Merge(defaults, own), err
}

// Person is somebody of whom is asked what they may do in a repository.
type Person struct {
	Login string
	Role  string // in the repository, in GitHub's words: "admin", "maintain", "write" ...
	// InTeam asks GitHub whether the person is in a team of the repository's owner.
	InTeam func(slug string) (bool, error)
}

// Mentor reports whether a person may sign off in a repository: its maintainers and those whom the configuration names, of teams those of the
// repository's owner; never the learner. named gives the configuration's mentors when they are needed.
func Mentor(repo *storage.Repository, who Person, named func() ([]string, error)) (bool, error) {
	if strings.EqualFold(who.Login, repo.Learner) {
		return false, nil
	}
	if who.Role == "admin" || who.Role == "maintain" {
		return true, nil
	}
	all, err := named()
	if err != nil {
		return false, err
	}
	for _, m := range all {
		team, isTeam := strings.CutPrefix(m, "@")
		org, slug, _ := strings.Cut(team, "/")
		switch {
		case !isTeam && strings.EqualFold(m, who.Login):
			return true, nil
		case isTeam && strings.EqualFold(org, repo.Owner): // another organisation's team says nothing here
			if member, err := who.InTeam(strings.ToLower(slug)); err != nil || member {
				return member, err
			}
		}
	}
	return false, nil
}

// BuiltIn reports whether a configuration's roadmap is one that comes with the program.
func BuiltIn(name string) bool { return name == "" || name == roadmaps.Default }

// RoadmapFile is the stored roadmap file that a configuration names: the repository's own, else its organisation's. Blob is "" when there is none.
func RoadmapFile(ctx context.Context, s Settings, repo *storage.Repository, name string) (File, error) {
	for _, holder := range []string{repo.FullName(), repo.Owner + "/.github"} {
		f, err := Stored(ctx, s, RoadmapKey(holder, name))
		if err != nil || f.Blob != "" {
			return f, err
		}
	}
	return File{}, nil
}

// Stored is the roadmap file under a key; Blob is "" when there is none.
func Stored(ctx context.Context, s Settings, key string) (File, error) {
	var f File
	err := read(ctx, s, key, &f)
	return f, err
}

// Parse reads a roadmap file. One that extends a built-in roadmap, which builtin loads by its id, is returned joined with it.
func Parse(name string, data []byte, builtin func(id string) (*rules.Roadmap, error)) (*rules.Roadmap, error) {
	own, err := rules.Parse(name, data)
	if err != nil || own.Extends == "" {
		return own, err
	}
	base, err := builtin(own.Extends)
	if err != nil {
		return nil, fmt.Errorf("%s: extends: %w", name, err)
	}
	joined, err := rules.Extend(base, own)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return joined, nil
}

// read decodes a setting; what is not there leaves into as it is.
func read(ctx context.Context, s Settings, key string, into any) error {
	data, err := s.Setting(ctx, key)
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		return fmt.Errorf("stored %s: %w", key, err)
	}
	return nil
}
