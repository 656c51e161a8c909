package evaluate

import (
	"strings"

	"milepost/rules/snapshot"
	"milepost/storage"
)

// learnerOf says whose work a repository is: the configuration's word, else the owner if a person, else the suffix of a Classroom-style name
// ("exercise-octocat") that is an author's login, else the human author with most commits. "" when nobody can be told.
func learnerOf(repo *storage.Repository, std standard, ownerIsOrg bool, log *snapshot.CommitLog) string {
	if std.conf.Learner != "" {
		return std.conf.Learner
	}
	if !ownerIsOrg {
		return repo.Owner
	}
	if log == nil {
		return ""
	}
	commits := map[string]int{}
	best := ""
	for _, c := range log.Commits {
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
