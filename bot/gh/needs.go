package gh

// Permission is a right that the app asks for: its name and level ("read" or "write") as GitHub writes them, and what it is for.
type Permission struct{ Name, Access, Why string }

// GrantedBy reports whether rights by name, as GitHub lists them, include this one.
func (p Permission) GrantedBy(have map[string]string) bool {
	got := have[p.Name]
	return got == p.Access || got == "write" || got == "admin"
}

// Permissions are the least with which everything works. The list is the caller's own.
func Permissions() []Permission {
	return []Permission{
		{"metadata", "read", "know repositories by name, and who may write to them; every app has it"},
		{"contents", "read", "read the files and history that are judged; the app never writes to code and never runs it"},
		{"issues", "write", "keep the one progress issue, and answer commands in comments"},
		{"pull_requests", "write", "read pull requests, and keep one comment on those that move a milestone"},
		{"checks", "write", "say on a pull request which milestones it gains or loses, and hear whether CI is green"},
		{"actions", "read", "know whether the last CI run succeeded"},
		{"deployments", "read", "know whether the project is deployed"},
		{"members", "read", "know who is in a team: of mentors, or of learners"},
	}
}

// Events are the webhooks that the app subscribes to; installations and the app's own check runs are told to every app. The list is the caller's own.
func Events() []string {
	return []string{
		"push", "pull_request", "pull_request_review", "issues", "issue_comment", "check_run", "check_suite", "workflow_run", "deployment_status", "merge_group", "repository", "member",
	}
}
