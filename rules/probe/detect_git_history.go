package probe

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"milepost/rules/snapshot"
)

const minCommits = 10

// bot tells names under which programs commit.
func bot(name, email, login string) bool {
	for _, s := range []string{name, login} {
		if strings.HasSuffix(strings.ToLower(s), "[bot]") {
			return true
		}
	}
	switch strings.ToLower(name) {
	case "dependabot", "renovate", "renovate bot", "github-actions", "github actions", "semantic-release-bot", "snyk-bot", "allcontributors", "github classroom", "greenkeeper", "pre-commit-ci", "github-classroom":
		return true
	}
	return strings.Contains(email, "[bot]@")
}

// person joins the names and addresses of one author.
type person struct {
	names   map[string]bool
	commits []snapshot.Commit
}

// steps is the number of a person's commits that are no merges; merges say nothing of who wrote the most.
func (p *person) steps() int {
	n := 0
	for _, c := range p.commits {
		if !merges(c) {
			n++
		}
	}
	return n
}

// merges reports whether a commit joins others, by its parents or, where a merge was squashed, by its message.
func merges(c snapshot.Commit) bool {
	return c.Parents >= 2 || strings.HasPrefix(c.Message, "Merge pull request #")
}

// people groups the human commits of a log by who wrote them: a shared login, address or name makes one person.
func people(commits []snapshot.Commit) []*person {
	var out []*person
	by := map[string]*person{}
	for _, c := range commits {
		if bot(c.AuthorName, c.AuthorEmail, c.AuthorLogin) {
			continue
		}
		keys := identity(c)
		var p *person
		for _, k := range keys {
			if p = by[k]; p != nil {
				break
			}
		}
		if p == nil {
			p = &person{names: map[string]bool{}}
			out = append(out, p)
		}
		for _, k := range keys {
			switch old := by[k]; {
			case old == nil:
				by[k] = p
				p.names[k] = true
			case old != p: // two who turn out to be one
				p.commits = append(p.commits, old.commits...)
				old.commits = nil
				for n := range old.names {
					p.names[n] = true
					by[n] = p
				}
			}
		}
		p.commits = append(p.commits, c)
	}
	return out
}

// identity are the keys by which commits of one person meet.
func identity(c snapshot.Commit) []string {
	var keys []string
	add := func(s string) {
		if s = strings.ToLower(strings.Join(strings.Fields(s), "")); s != "" {
			keys = append(keys, s)
		}
	}
	add(c.AuthorLogin)
	add(c.AuthorName)
	add(c.AuthorEmail)
	if local, ok := strings.CutSuffix(strings.ToLower(c.AuthorEmail), "@users.noreply.github.com"); ok {
		if _, login, ok := strings.Cut(local, "+"); ok {
			local = login
		}
		add(local)
	}
	// What follows the first two names is now written, now not.
	if words := nameWords(c.AuthorName); len(words) >= 3 && len(words[0]) >= 4 && len(words[1]) >= 4 {
		add(words[0] + words[1])
	}
	// first.last and first-last at two schools are one person; a short name may be anybody's.
	local, _, _ := strings.Cut(c.AuthorEmail, "@")
	if joined := onlyLetters(local); len(joined) >= 12 && joined != strings.ToLower(local) {
		add("~" + joined)
	}
	return keys
}

// byLearner are the commits of the learner: of the one named, or of the main human author.
func byLearner(commits []snapshot.Commit, learner string) []snapshot.Commit {
	var best *person
	key := strings.ToLower(strings.Join(strings.Fields(learner), ""))
	all := people(commits)
	for _, p := range all {
		if key != "" && p.names[key] {
			return p.commits
		}
		if best == nil || p.steps() > best.steps() {
			best = p
		}
	}
	if key != "" && len(all) > 1 {
		return nil
	}
	if best == nil {
		return nil
	}
	return best.commits
}

// emptyWords are messages that say nothing, as a whole.
var emptyWords = map[string]bool{
	"update": true, "updates": true, "updated": true, "updating": true, "fix": true, "fixes": true, "fixed": true, "bug": true, "bugfix": true, "bug fix": true, "fix bug": true, "fix bugs": true, "bugs": true, "change": true, "changes": true, "changed": true,
	"wip": true, "test": true, "testing": true, "asdf": true, "commit": true, "first commit": true, "initial commit": true, "init": true, "initial": true, "first": true, "done": true, "final": true, "finish": true, "finished": true, "new": true, "add": true, "added": true,
	"save": true, "stuff": true, "misc": true, "minor": true, "minor changes": true, "minor fix": true, "minor fixes": true, "some changes": true, "small changes": true, "small fix": true, "update code": true, "code": true, "ok": true, "temp": true, "tmp": true, "cleanup": true,
	"refactor": true, "edit": true, "edits": true, "modified": true, "backup": true, "push": true, "more": true, "end": true, "no message": true, "unmeaningful commit": true, "second commit": true, "third commit": true, "last commit": true, "new commit": true, "commit message": true,
	"more changes": true, "updated code": true, "final commit": true, "add files": true, "added files": true, "upload": true, "uploads": true, "working": true, "works": true, "improvements": true, "quick fix": true, "hotfix": true, "typo": false, "initial project": true, "readme": true, "update readme": true, "updated readme": true,
	"atualização": true, "ajustes": true, "cambios": true, "correcciones": true, "primer commit": true, "primeiro commit": true, "更新": true, "修改": true, "提交": true, "modify": true, "delete": true, "remove": true, "try": true, "again": true, "hello": true, "lol": true,
}

// automatic tells messages that a tool or the web editor writes.
func automatic(subject string) bool {
	low := strings.ToLower(subject)
	for _, p := range []string{"merge branch", "merge pull request", "merge remote-tracking", "merge tag", "merged in ", "add files via upload", "initial commit from", "initialize project using", "apply suggestions from code review", "create next app", "bump ", "chore(deps", "build(deps", "revert \"", "setting up github classroom", "update from task", "auto-commit", "autocommit", "github classroom feedback"} {
		if strings.HasPrefix(low, p) {
			return true
		}
	}
	verb, rest, ok := strings.Cut(subject, " ")
	if folder, is := strings.CutSuffix(rest, " directory"); is && verb == "Delete" && !strings.Contains(folder, " ") {
		return true // the web editor deletes a folder
	}
	switch verb {
	case "Create", "Delete", "Update", "Rename":
		// "Update README.md": one file's name and nothing else
		return ok && (!strings.Contains(rest, " ") && strings.ContainsAny(rest, "./") || strings.HasPrefix(verb, "Rename") && strings.Contains(rest, " to ") || rest == "LICENSE" || rest == "README" || rest == "Dockerfile")
	}
	return false
}

// telling reports whether a message says what was done.
func telling(message string) bool {
	subject, _, _ := strings.Cut(strings.TrimSpace(message), "\n")
	subject = strings.TrimSpace(subject)
	if automatic(subject) {
		return false
	}
	text := strings.ToLower(strings.TrimFunc(subject, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }))
	if _, rest, ok := strings.Cut(text, ": "); ok && !strings.Contains(strings.SplitN(text, ":", 2)[0], " ") {
		text = strings.TrimSpace(rest) // "fix: update" says as much as "update"
	}
	if vague(text) {
		return false
	}
	letters, distinct := 0, map[rune]bool{}
	for _, r := range text {
		if unicode.IsLetter(r) {
			letters++
			if r > 0x2e80 {
				letters++
			}
			distinct[r] = true
		}
	}
	if letters < 3 || len(distinct) < 2 || emptyWords[text] {
		return false
	}
	// "update 2", "fix3", "day 4 commit"
	bare := strings.TrimSpace(strings.TrimRightFunc(text, func(r rune) bool { return unicode.IsDigit(r) || unicode.IsSpace(r) || unicode.IsPunct(r) }))
	return bare != "" && !emptyWords[bare]
}

// vagueWords are words that say nothing of what was done, whatever they are put together with.
var vagueWords = []string{
	"update", "updates", "updated", "updating", "fix", "fixes", "fixed", "fixing", "bug", "bugs", "change", "changes", "changed", "commit", "commits", "committed", "code", "some", "minor", "small", "more", "new", "the", "a", "an", "to", "of", "and", "my", "final", "first", "second", "third", "last", "initial", "project", "file", "files",
	"same", "again", "readme", "readme.md", "md", "all", "stuff", "things", "thing", "it", "this", "wip", "done", "another", "push", "save", "day", "part", "version", "v", "few", "little", "other", "misc", "feat", "chore", "test", "add", "added", "adding", "de", "teste", "testes", "mensagem", "message",
}

// vague reports whether a message is made of such words and numbers alone.
func vague(text string) bool {
	n := 0
	for w := range strings.FieldsSeq(text) {
		w = strings.Trim(w, ".,:;!?()[]0123456789-_#*/\"'")
		if w != "" && !slices.Contains(vagueWords, w) {
			return false
		}
		n++
	}
	return n > 0
}

func commitHistory(in *Input) Result {
	log := in.Activity.Log
	if log == nil {
		return Result{Status: Unknown, Reason: "the history of commits is not known in this run"}
	}
	commits := byLearner(log.Commits, in.Learner)
	good, n := 0, 0
	var ev []Evidence
	var dull string
	for _, c := range commits {
		if merges(c) {
			continue // a merge says what was merged; the steps are the commits in it
		}
		n++
		if telling(c.Message) {
			good++
			if len(ev) < 2 {
				ev = append(ev, Evidence{Commit: c.ID, Note: clean(firstLine(c.Message))})
			}
		} else if dull == "" && !automatic(firstLine(c.Message)) {
			dull = clean(firstLine(c.Message))
		}
	}
	switch {
	case n >= minCommits && 2*good > n:
		return Result{Status: Met, Evidence: ev, Reason: fmt.Sprintf("%d commits, %d with a message that says what was done", n, good)}
	case n >= minCommits:
		reason := fmt.Sprintf("%d of %d commits have a message that says what was done; more than half need one", good, n)
		if dull != "" {
			reason += fmt.Sprintf(" (not %q)", dull)
		}
		return Result{Status: Partial, Reason: reason, Evidence: ev, Case: "messages"}
	case !log.Complete && n > 0:
		return Result{Status: Unknown, Reason: "only a part of the history is here (a shallow clone)"}
	case n == 0:
		return Result{Status: Missing, Reason: "no commit by the learner was found"}
	}
	return Result{Status: Partial, Reason: fmt.Sprintf("%d of the %d commits needed", n, minCommits), Evidence: ev, Case: "few"}
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	return s
}

func mergedPullRequest(in *Input) Result {
	if pulls := in.Activity.Pulls; pulls != nil && len(*pulls) > 0 {
		p := (*pulls)[0]
		return Result{Status: Met, Evidence: []Evidence{{Note: fmt.Sprintf("#%d %s", p.Number, clean(p.Title))}}}
	}
	// A history may be older than its place on GitHub: the merge commit tells of a pull request that GitHub no longer knows.
	if in.Activity.Log != nil {
		for _, c := range in.Activity.Log.Commits {
			if c.Parents >= 2 && (strings.HasPrefix(c.Message, "Merge pull request #") || strings.HasPrefix(c.Message, "Merged in ") && strings.Contains(c.Message, "pull request #")) {
				return Result{Status: Met, Evidence: []Evidence{{Commit: c.ID, Note: clean(firstLine(c.Message))}}}
			}
		}
	}
	if in.Activity.Pulls != nil {
		return Result{Status: Missing}
	}
	return Result{Status: Unknown, Reason: "pull requests are not known in this run"}
}
