// Package config reads the configuration that a repository, or an organisation for all of its repositories, keeps in .github/milepost.yml. It
// is pure: who reads the file, and from which branch, is the caller's business.
package config

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/bmatcuk/doublestar/v4"
	"go.yaml.in/yaml/v3"

	"milepost/rules/roadmaps"
	"milepost/rules/strict"
)

// Path is where the file stands; in an organisation's .github repository too. A file of OtherPath is read where Path is not there.
const (
	Path      = ".github/milepost.yml"
	OtherPath = ".github/milepost.yaml"
)

// Config is the content of one file. All of it is optional; pointers tell "not said" from "said so".
type Config struct {
	Roadmap      string            `yaml:"roadmap" json:"roadmap,omitempty"` // built-in id, or path of a roadmap file in this or the organisation's .github repository
	Skip         map[string]string `yaml:"skip" json:"skip,omitempty"`       // milestone id to the reason
	Ignore       []string          `yaml:"ignore" json:"ignore,omitempty"`   // globs of files that are no evidence
	Learner      string            `yaml:"learner" json:"learner,omitempty"` // login whose work it is
	Mentors      []string          `yaml:"mentors" json:"mentors,omitempty"` // logins and @org/team
	Public       *bool             `yaml:"public" json:"public,omitempty"`   // the learner shows the portfolio to everybody
	Issue        Issue             `yaml:"issue" json:"issue,omitzero"`
	PullRequests PullRequests      `yaml:"pull_requests" json:"pull_requests,omitzero"`
	Digest       Digest            `yaml:"digest" json:"digest,omitzero"`
}

// Issue is about the progress issue.
type Issue struct {
	Enabled   *bool     `yaml:"enabled" json:"enabled,omitempty"`     // default true
	Celebrate Celebrate `yaml:"celebrate" json:"celebrate,omitempty"` // default Steps
}

// Celebrate says when a comment is written under the progress issue.
type Celebrate string

// The choices of Celebrate.
const (
	EachMilestone Celebrate = "milestones"
	EachStep      Celebrate = "steps"
	Never         Celebrate = "never"
)

// PullRequests is about pull requests.
type PullRequests struct {
	Comment *bool    `yaml:"comment" json:"comment,omitempty"` // default true
	Require []string `yaml:"require" json:"require,omitempty"` // milestone ids whose loss fails the check
}

// Digest is about the weekly summary for mentors.
type Digest struct {
	Repo    string `yaml:"repo" json:"repo,omitempty"`       // owner/name of the mentors' repository
	Weekday string `yaml:"weekday" json:"weekday,omitempty"` // default monday
}

// UnmarshalStrict takes the names of the choices.
func (c *Celebrate) UnmarshalStrict(d *strict.Decoder, n *yaml.Node) {
	choices := []string{string(EachMilestone), string(EachStep), string(Never)}
	if n.Kind != yaml.ScalarNode || !slices.Contains(choices, n.Value) {
		d.Faultf(n, "celebrate takes milestones, steps or never")
		return
	}
	*c = Celebrate(n.Value)
}

var (
	loginPattern = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})$`) })
	teamPattern  = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^@[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}$`)
	})
	repoPattern = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}$`)
	})
	weekdays = []string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}
)

const (
	maxIgnore  = 100
	maxMentors = 50
	maxReason  = 300
)

// Parse reads a file. The error is of type [strict.Faults]: every fault with line, column and remedy; the Config then holds what could be read.
// known are the milestone ids of the roadmap in force; nil leaves ids unchecked.
func Parse(file string, data []byte, known []string) (Config, error) {
	var c Config
	var faults strict.Faults
	if err := strict.Decode(file, data, &c); err != nil && !errors.As(err, &faults) {
		return c, err
	}
	faults = append(faults, c.faults(file, data, known)...)
	if len(faults) == 0 {
		return c, nil
	}
	slices.SortStableFunc(faults, func(a, b strict.Fault) int { return a.Line - b.Line })
	return c, faults
}

// faults checks what a type cannot say.
func (c Config) faults(file string, data []byte, known []string) strict.Faults {
	var out strict.Faults
	add := func(value, format string, args ...any) {
		line, col := locate(data, value)
		out = append(out, strict.Fault{File: file, Line: line, Column: col, Msg: fmt.Sprintf(format, args...)})
	}
	for id, reason := range c.Skip {
		switch {
		case known != nil && !slices.Contains(known, id):
			add(id, "skip: there is no milestone %q%s", id, didYouMean(id, known))
		case strings.TrimSpace(reason) == "":
			add(id, "skip: say why %q is skipped, for example %s: \"not part of this course\"", id, id)
		case len(reason) > maxReason:
			add(id, "skip: the reason for %q is longer than %d characters", id, maxReason)
		}
	}
	for _, id := range c.PullRequests.Require {
		if known != nil && !slices.Contains(known, id) {
			add(id, "pull_requests.require: there is no milestone %q%s", id, didYouMean(id, known))
		}
	}
	for _, g := range c.Ignore {
		if !doublestar.ValidatePattern(g) {
			add(g, "ignore: %q is not a valid glob; try \"docs/**\"", g)
		}
	}
	if len(c.Ignore) > maxIgnore {
		add("ignore", "ignore: at most %d globs are taken", maxIgnore)
	}
	if c.Learner != "" && !loginPattern().MatchString(c.Learner) {
		add(c.Learner, "learner: %q is not a GitHub login; write it without @", c.Learner)
	}
	for _, m := range c.Mentors {
		if !loginPattern().MatchString(m) && !teamPattern().MatchString(m) {
			add(m, "mentors: %q is neither a login nor a team; write octocat or @org/team", m)
		}
	}
	if len(c.Mentors) > maxMentors {
		add("mentors", "mentors: at most %d are taken; name a team instead", maxMentors)
	}
	if r := c.Roadmap; r != "" && r != roadmaps.Default && !strings.HasSuffix(r, ".yml") && !strings.HasSuffix(r, ".yaml") {
		add(r, "roadmap: there is no built-in roadmap %q; use %q, or the path of a .yml file", r, roadmaps.Default)
	}
	if strings.Contains(c.Roadmap, "..") || strings.HasPrefix(c.Roadmap, "/") {
		add(c.Roadmap, "roadmap: the path must be inside the repository")
	}
	if r := c.Digest.Repo; r != "" && !repoPattern().MatchString(r) {
		add(r, "digest.repo: %q is not a repository; write owner/name", r)
	}
	if w := c.Digest.Weekday; w != "" && !slices.Contains(weekdays, strings.ToLower(w)) {
		add(w, "digest.weekday: %q is not a day; write monday to sunday%s", w, didYouMean(w, weekdays))
	}
	return out
}

func didYouMean(name string, known []string) string {
	if near := strict.Nearest(name, known); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}

// locate finds the first place of a value in the file, 1-based; 1:1 when it is written otherwise than it reads.
func locate(data []byte, value string) (line, col int) {
	for i, l := range strings.Split(string(data), "\n") {
		if at := strings.Index(l, value); at >= 0 && value != "" {
			return i + 1, at + 1
		}
	}
	return 1, 1
}

// Merge lays own over the organisation's defaults: what own says wins; skip and mentors add up; who the learner is, and
// whether the portfolio is public, only the repository itself says.
func Merge(defaults, own Config) Config {
	out := own
	if out.Roadmap == "" {
		out.Roadmap = defaults.Roadmap
	}
	if len(defaults.Skip) > 0 {
		out.Skip = map[string]string{}
		for id, why := range defaults.Skip {
			out.Skip[id] = why
		}
		for id, why := range own.Skip {
			out.Skip[id] = why
		}
	}
	if own.Ignore == nil {
		out.Ignore = defaults.Ignore
	}
	for _, m := range defaults.Mentors {
		if !slices.Contains(out.Mentors, m) {
			out.Mentors = append(out.Mentors, m)
		}
	}
	if out.Issue.Enabled == nil {
		out.Issue.Enabled = defaults.Issue.Enabled
	}
	if out.Issue.Celebrate == "" {
		out.Issue.Celebrate = defaults.Issue.Celebrate
	}
	if out.PullRequests.Comment == nil {
		out.PullRequests.Comment = defaults.PullRequests.Comment
	}
	if out.PullRequests.Require == nil {
		out.PullRequests.Require = defaults.PullRequests.Require
	}
	if out.Digest.Repo == "" {
		out.Digest = defaults.Digest
	}
	return out
}

// IssueEnabled reports whether the progress issue is wanted.
func (c Config) IssueEnabled() bool { return c.Issue.Enabled == nil || *c.Issue.Enabled }

// CommentEnabled reports whether comments on pull requests are wanted.
func (c Config) CommentEnabled() bool {
	return c.PullRequests.Comment == nil || *c.PullRequests.Comment
}

// Celebration is when to comment under the issue.
func (c Config) Celebration() Celebrate {
	if c.Issue.Celebrate == "" {
		return EachStep
	}
	return c.Issue.Celebrate
}

// Ignored returns the test for files that are no evidence; nil when none are named.
func (c Config) Ignored() func(path string) bool {
	if len(c.Ignore) == 0 {
		return nil
	}
	return func(path string) bool {
		for _, g := range c.Ignore {
			if ok, err := doublestar.Match(g, path); err == nil && ok {
				return true
			}
			if dir := strings.TrimSuffix(g, "/"); strings.HasPrefix(path, dir+"/") {
				return true
			}
		}
		return false
	}
}
