package demo

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"

	"golang.org/x/tools/txtar"

	"milepost/bot/githubsim"
)

//go:embed samples
var samples embed.FS

// sample is a learner's repository: its commits in order, and the files of a pull request that is still open.
type sample struct {
	learner, repo string
	commits       []githubsim.Commit
	pull          map[string]string
}

// names of the sample learners, by login.
var names = map[string]string{
	"ada": "Ada L.", "grace": "Grace H.", "linus": "Linus T.", "margaret": "Margaret H.", "barbara": "Barbara L.", "dennis": "Dennis R.", "katherine": "Katherine J.",
}

// loadSamples reads samples/LOGIN.REPO.txtar: the comment has a line "N: message" for each commit, the files stand under "N/", those of the pull
// request under "pull/".
func loadSamples() ([]sample, error) {
	files, err := fs.Glob(samples, "samples/*.txtar")
	if err != nil {
		return nil, fmt.Errorf("demo: samples: %w", err)
	}
	var out []sample
	for _, f := range files {
		data, err := samples.ReadFile(f)
		if err != nil {
			return nil, fmt.Errorf("demo: samples: %w", err)
		}
		learner, repo, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(f, "samples/"), ".txtar"), ".")
		out = append(out, parseSample(learner, repo, txtar.Parse(data)))
	}
	return out, nil
}

func parseSample(learner, repo string, a *txtar.Archive) sample {
	s := sample{learner: learner, repo: repo}
	byNumber := map[string]int{}
	for line := range strings.SplitSeq(string(a.Comment), "\n") {
		n, message, ok := strings.Cut(line, ": ")
		if ok && len(n) == 1 {
			byNumber[n] = len(s.commits)
			s.commits = append(s.commits, githubsim.Commit{Message: message, Files: map[string]string{}})
		}
	}
	for _, f := range a.Files {
		n, path, _ := strings.Cut(f.Name, "/")
		if n == "pull" {
			if s.pull == nil {
				s.pull = map[string]string{}
			}
			s.pull[path] = string(f.Data)
			continue
		}
		if i, ok := byNumber[n]; ok {
			s.commits[i].Files[path] = string(f.Data)
		}
	}
	return s
}
