package evaluate

import (
	"slices"
	"strings"

	"milepost/rules/snapshot"
	"milepost/storage"
)

// learnerOf says whose work a repository is: the configuration's word, if that person wrote something of it, else the owner if a person, else the
// suffix of a Classroom-style name ("exercise-octocat") that is an author's login, else the human author with most commits. "" when nobody can be
// told.
func learnerOf(repo *storage.Repository, std standard, ownerIsOrg bool, act *snapshot.Activity) string {
	if named := std.conf.Learner; named != "" && (!ownerIsOrg && sameLogin(named, repo.Owner) || wrote(act, named)) {
		return named
	}
	if !ownerIsOrg {
		return repo.Owner
	}
	if act.Log == nil {
		return ""
	}
	commits := map[string]int{}
	best := ""
	for _, c := range act.Log.Commits {
		login := c.AuthorLogin
		if login == "" || strings.HasSuffix(login, "[bot]") {
			continue
		}
		if strings.HasSuffix(strings.ToLower(repo.Name), "-"+strings.ToLower(login)) {
			return login
		}
		commits[login]++
		if n := commits[login]; best == "" || n > commits[best] || n == commits[best] && login < best {
			best = login
		}
	}
	return best
}

// wrote reports whether a person is known as an author: of a commit, or of a pull request that was merged.
func wrote(act *snapshot.Activity, login string) bool {
	return act.Log != nil && slices.ContainsFunc(act.Log.Commits, func(c snapshot.Commit) bool { return sameLogin(c.AuthorLogin, login) }) ||
		act.Pulls != nil && slices.ContainsFunc(*act.Pulls, func(p snapshot.Pull) bool { return sameLogin(p.Author, login) })
}
