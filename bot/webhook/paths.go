package webhook

import "milepost/storage"

// The fields that are read from payloads. A path is the way to a value, [] standing for the elements of an array, then a colon and what is expected there;
// a value of another type is left out:
//
//	s string, cut at 1 KiB    t text, cut at 300 bytes    m Markdown, cut at 64 KiB
//	i integer of 64 bits      b boolean                   p whether it is there and not null
//	r any value up to 8 KiB, as it is    o Markdown of a progress issue, whole; of another none
//	e string as s, null being an empty one: what was taken away is told from what is not said
var (
	common = []string{
		"action:s", "installation.id:i", "sender.login:s", "sender.id:i", "sender.type:s", "organization.login:s", "organization.id:i",
		"repository.id:i", "repository.name:s", "repository.full_name:s", "repository.owner.login:s", "repository.owner.id:i", "repository.owner.type:s",
		"repository.private:b", "repository.archived:b", "repository.disabled:b", "repository.fork:b", "repository.default_branch:s", "repository.homepage:e",
	}
	account = []string{
		"installation.app_id:i", "installation.app_slug:s", "installation.account.login:s", "installation.account.id:i", "installation.account.type:s",
		"installation.repository_selection:s", "installation.permissions:r", "installation.events:r", "installation.suspended_at:s",
	}
	pullRequest = []string{
		"number:i", "pull_request.id:i", "pull_request.number:i", "pull_request.state:s", "pull_request.title:s", "pull_request.draft:b", "pull_request.locked:b",
		"pull_request.merged:b", "pull_request.merged_at:s", "pull_request.merge_commit_sha:s", "pull_request.user.login:s", "pull_request.user.id:i", "pull_request.user.type:s",
		"pull_request.head.sha:s", "pull_request.head.ref:s", "pull_request.head.repo.id:i", "pull_request.head.repo.fork:b", "pull_request.head.repo.full_name:s",
		"pull_request.base.sha:s", "pull_request.base.ref:s", "pull_request.base.repo.id:i",
	}
	issue = []string{
		"issue.id:i", "issue.number:i", "issue.state:s", "issue.state_reason:s", "issue.title:s", "issue.locked:b", "issue.user.login:s", "issue.user.id:i", "issue.user.type:s",
		"issue.pull_request:p", "issue.performed_via_github_app.id:i",
	}
	deployment = []string{"deployment.id:i", "deployment.sha:s", "deployment.ref:s", "deployment.task:s", "deployment.environment:s", "deployment.creator.login:s"}
)

// events is the table of the events that are worked on. Others are acknowledged, and nothing but their id is kept.
var events = map[string]event{
	"push": {priority: storage.PriorityNormal, paths: []string{
		"ref:s", "before:s", "after:s", "base_ref:s", "created:b", "deleted:b", "forced:b", "compare:s",
		"head_commit.id:s", "head_commit.tree_id:s", "head_commit.message:t", "head_commit.timestamp:s", "head_commit.author.username:s",
		"commits[].id:s", "commits[].message:t", "commits[].timestamp:s", "commits[].author.name:s", "commits[].author.email:s", "commits[].author.username:s"}},
	"create": {paths: []string{"ref:s", "ref_type:s", "master_branch:s"}},
	"delete": {paths: []string{"ref:s", "ref_type:s"}},

	"pull_request": {priority: storage.PriorityHigh, paths: join(pullRequest, []string{"before:s", "after:s", "label.name:s",
		"changes.title:p", "changes.body:p", "changes.base:p", "changes.base.ref.from:s", "changes.base.sha.from:s"})},
	"pull_request_review": {paths: join(pullRequest, []string{"review.id:i", "review.state:s", "review.user.login:s", "review.user.id:i", "review.user.type:s",
		"review.author_association:s", "review.commit_id:s", "review.submitted_at:s"})},
	"issues":        {priority: storage.PriorityNormal, paths: join(issue, []string{"changes.body:p", "changes.title:p", "label.name:s", "changes.new_repository.id:i"})},
	"issue_comment": {priority: storage.PriorityHigh, paths: join(issue, []string{"comment.id:i", "comment.body:m", "comment.user.login:s", "comment.user.id:i", "comment.user.type:s", "comment.author_association:s", "comment.performed_via_github_app.id:i", "comment.created_at:s", "changes.body:p"})},
	"label":         {paths: []string{"label.id:i", "label.name:s", "changes.name.from:s"}},
	"merge_group":   {priority: storage.PriorityHigh, paths: []string{"merge_group.head_sha:s", "merge_group.head_ref:s", "merge_group.base_sha:s", "merge_group.base_ref:s", "reason:s"}},

	"check_run": {paths: []string{"check_run.id:i", "check_run.name:s", "check_run.head_sha:s", "check_run.external_id:s", "check_run.status:s", "check_run.conclusion:s", "check_run.app.id:i",
		"check_run.check_suite.id:i", "check_run.check_suite.head_branch:s", "check_run.pull_requests[].number:i", "requested_action.identifier:s"}},
	"check_suite": {paths: []string{"check_suite.id:i", "check_suite.head_sha:s", "check_suite.head_branch:s", "check_suite.status:s", "check_suite.conclusion:s", "check_suite.app.id:i",
		"check_suite.app.slug:s", "check_suite.updated_at:s", "check_suite.pull_requests[].number:i"}},
	"workflow_run": {paths: []string{"workflow_run.id:i", "workflow_run.name:s", "workflow_run.path:s", "workflow_run.workflow_id:i", "workflow_run.event:s", "workflow_run.status:s",
		"workflow_run.conclusion:s", "workflow_run.head_sha:s", "workflow_run.head_branch:s", "workflow_run.head_repository.id:i", "workflow_run.run_number:i", "workflow_run.html_url:s",
		"workflow_run.updated_at:s"}},
	"deployment": {paths: deployment},
	"deployment_status": {paths: join(deployment, []string{"deployment_status.id:i", "deployment_status.state:s", "deployment_status.environment:s",
		"deployment_status.environment_url:s", "deployment_status.target_url:s", "deployment_status.updated_at:s"})},
	"release": {paths: []string{"release.id:i", "release.tag_name:s", "release.draft:b", "release.prerelease:b", "release.published_at:s", "release.html_url:s"}},

	"repository": {priority: storage.PriorityNormal, paths: []string{"changes.repository.name.from:s", "changes.owner.from.user.login:s", "changes.owner.from.organization.login:s", "changes.default_branch.from:s",
		"changes.homepage:p", "repository.topics:r"}},
	"public":     {priority: storage.PriorityNormal},
	"member":     {paths: []string{"member.login:s", "member.id:i", "member.type:s", "changes.permission.to:s"}},
	"membership": {paths: []string{"member.login:s", "member.id:i", "team.id:i", "team.slug:s", "scope:s"}},
	"team":       {paths: []string{"team.id:i", "team.slug:s", "changes.name.from:s"}},
	"organization": {paths: []string{"membership.user.login:s", "membership.user.id:i", "membership.role:s",
		"changes.login.from:s"}},

	"installation":              {priority: storage.PriorityNormal, install: true, paths: join(account, []string{"repositories[].id:i", "repositories[].name:s", "repositories[].full_name:s", "repositories[].private:b"})},
	"installation_repositories": {priority: storage.PriorityNormal, install: true, paths: join(account, []string{"repository_selection:s", "repositories_added[].id:i", "repositories_added[].name:s", "repositories_added[].full_name:s", "repositories_added[].private:b", "repositories_removed[].id:i", "repositories_removed[].name:s", "repositories_removed[].full_name:s"})},
	"installation_target":       {priority: storage.PriorityNormal, install: true, paths: []string{"account.login:s", "account.id:i", "target_type:s", "changes.login.from:s"}},
}

// edited are further fields of an edit of an issue by a person: what it changed is told by nothing else, once the text was written over.
var edited = []string{"issue.body:o", "issue.updated_at:s", "changes.body.from:o"}

// event says what is done with deliveries of one kind.
type event struct {
	paths    []string // beside the common ones
	priority int
	install  bool // goes to the installation's mailbox even if a repository is named
}

func join(lists ...[]string) []string {
	var all []string
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

// priority of a delivery: first what a person waits for, then pushes, then the rest.
func priority(name string, e event, action, senderType string) int {
	switch name {
	case "issues", "issue_comment", "check_run", "check_suite":
		if senderType == "Bot" { // our own edits come back as events
			return storage.PriorityLow
		}
	}
	switch name + "." + action {
	case "issues.edited", "check_run.rerequested", "check_run.requested_action", "check_suite.rerequested":
		return storage.PriorityHigh
	}
	return e.priority
}
