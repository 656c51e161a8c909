package githubsim

import (
	"path"
	"sort"
	"strings"
)

var repoLinks = map[string]string{
	"forks_url": "/forks", "keys_url": "/keys{/key_id}", "collaborators_url": "/collaborators{/collaborator}", "teams_url": "/teams",
	"hooks_url": "/hooks", "issue_events_url": "/issues/events{/number}", "events_url": "/events", "assignees_url": "/assignees{/user}",
	"branches_url": "/branches{/branch}", "tags_url": "/tags", "blobs_url": "/git/blobs{/sha}", "git_tags_url": "/git/tags{/sha}",
	"git_refs_url": "/git/refs{/sha}", "trees_url": "/git/trees{/sha}", "statuses_url": "/statuses/{sha}", "languages_url": "/languages",
	"stargazers_url": "/stargazers", "contributors_url": "/contributors", "subscribers_url": "/subscribers",
	"subscription_url": "/subscription", "commits_url": "/commits{/sha}", "git_commits_url": "/git/commits{/sha}",
	"comments_url": "/comments{/number}", "issue_comment_url": "/issues/comments{/number}", "contents_url": "/contents/{+path}",
	"compare_url": "/compare/{base}...{head}", "merges_url": "/merges", "archive_url": "/{archive_format}{/ref}",
	"downloads_url": "/downloads", "issues_url": "/issues{/number}", "pulls_url": "/pulls{/number}", "milestones_url": "/milestones{/number}",
	"notifications_url": "/notifications{?since,all,participating}", "labels_url": "/labels{/name}", "releases_url": "/releases{/id}",
	"deployments_url": "/deployments",
}

// minimalRepoJSON is a repository as it stands inside other objects.
func (s *Sim) minimalRepoJSON(r *Repo) object {
	o := object{"id": r.id, "node_id": nodeID("Repository", r.id), "name": r.name, "full_name": r.fullName(), "private": r.private,
		"owner": s.userJSON(r.owner), "html_url": r.html(), "description": stringOrNil(r.description), "fork": r.parent != nil, "url": r.api()}
	for key, tail := range repoLinks {
		o[key] = r.api() + tail
	}
	return o
}

// repoJSON is a repository as in lists and webhooks.
func (s *Sim) repoJSON(r *Repo) object {
	o := s.minimalRepoJSON(r)
	visibility := "public"
	if r.private {
		visibility = "private"
	}
	forks := 0
	for _, f := range s.repos {
		if f.parent == r {
			forks++
		}
	}
	name := r.fullName()
	host := strings.TrimPrefix(s.base, "http://")
	for k, v := range (object{
		"created_at": stamp(r.created), "updated_at": stamp(r.updated), "pushed_at": stamp(r.pushed), "git_url": "git://" + host + "/" + name + ".git",
		"ssh_url": "git@" + host + ":" + name + ".git", "clone_url": s.base + "/" + name + ".git", "svn_url": s.base + "/" + name,
		"homepage": stringOrNil(r.homepage), "size": len(r.refs), "stargazers_count": 0, "watchers_count": 0, "language": stringOrNil(r.mainLanguage()),
		"has_issues": r.issuesOn, "has_projects": true, "has_downloads": true, "has_wiki": true, "has_pages": false, "has_discussions": false,
		"forks_count": forks, "mirror_url": nil, "archived": r.archived, "disabled": r.blocked != 0, "open_issues_count": r.openIssues(),
		"license": nil, "allow_forking": true, "is_template": false, "web_commit_signoff_required": false,
		"topics": append([]string{}, r.topics...), "visibility": visibility, "forks": forks, "open_issues": r.openIssues(), "watchers": 0,
		"default_branch": r.defaultBranch,
	}) {
		o[k] = v
	}
	return o
}

// fullRepoJSON is a repository as its own resource.
func (s *Sim) fullRepoJSON(r *Repo) object {
	o := s.repoJSON(r)
	o["network_count"], o["subscribers_count"] = 0, 0
	o["allow_squash_merge"], o["allow_merge_commit"], o["allow_rebase_merge"] = true, true, false
	if r.owner.kind == kindOrg {
		o["organization"] = s.userJSON(r.owner)
	}
	if r.parent != nil {
		o["parent"], o["source"] = s.repoJSON(r.parent), s.repoJSON(r.parent)
	}
	return o
}

var languageOf = map[string]string{".js": "JavaScript", ".mjs": "JavaScript", ".jsx": "JavaScript", ".ts": "TypeScript", ".tsx": "TypeScript",
	".py": "Python", ".java": "Java", ".kt": "Kotlin", ".go": "Go", ".rb": "Ruby", ".php": "PHP", ".cs": "C#", ".rs": "Rust", ".scala": "Scala",
	".ex": "Elixir", ".exs": "Elixir", ".html": "HTML", ".css": "CSS", ".sh": "Shell", ".c": "C", ".cpp": "C++"}

// languages counts the bytes of each language at the default branch.
func (r *Repo) languages() map[string]int {
	out := map[string]int{}
	c := r.store.commit(r.head(""))
	if c == nil {
		return out
	}
	for p, e := range r.store.files(c.tree) {
		lang := languageOf[strings.ToLower(path.Ext(p))]
		if lang == "" || strings.Contains(p, "node_modules/") || strings.HasPrefix(p, "vendor/") {
			continue
		}
		if data, found := r.store.blob(e.id); found {
			out[lang] += len(data)
		}
	}
	return out
}

// mainLanguage is the language with the most bytes, computed once for a head.
func (r *Repo) mainLanguage() string {
	if r.local != nil { // reading every blob of a repository on disk for this is too dear
		return ""
	}
	if head := r.head(""); head == r.langHead {
		return r.lang
	}
	langs := r.languages()
	names := make([]string, 0, len(langs))
	for n := range langs {
		names = append(names, n)
	}
	sort.Slice(names, func(i, j int) bool {
		if langs[names[i]] != langs[names[j]] {
			return langs[names[i]] > langs[names[j]]
		}
		return names[i] < names[j]
	})
	r.lang, r.langHead = "", r.head("")
	if len(names) > 0 {
		r.lang = names[0]
	}
	return r.lang
}
