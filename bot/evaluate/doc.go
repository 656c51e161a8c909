// Package evaluate is the actor of a repository: it takes the repository's mailbox, brings what is known of it up to date, judges what has to be
// judged, and hands what has to be said to a publisher.
//
// One run of [Actor.Handle] does everything that its deliveries ask for, in the order of urgency: people's commands, pull requests, the default
// branch. A delivery is only a hint that something happened: what counts is read from GitHub or from storage, so that deliveries out of order,
// doubled or lost end in the right state. Everything a run concludes is written in one transaction under the claim's fence.
//
// # What each event costs
//
// Calls to GitHub's API: reads, writes, and which; measured by TestCallsOfEachEvent on the stand-in. The download that an archive's answer redirects
// to, and the token that is minted once an hour, are no calls to the API. A push reads the tree, and of contents only what no facts are known of: one
// file by itself, more in one archive. The progress issue is read once more right before it is written, so that what people did meanwhile is kept.
//
// A pull request's check run says "in progress" after one call and its outcome after at most four calls one after another; BenchmarkPullRequest has the
// times.
//
//	installed: its list of repositories, 100 a call           1  0  GET installation/repositories
//	first sight of a repository of any size                   4  1  GET commits, GET issues, GET tarball, GET trees, POST issues
//	what was before the installation, once, in a later run    4  0  GET actions/runs, GET deployments, GET pulls, GET pulls
//	push that changes nothing the rules look at               1  0  GET trees
//	push that changes one file and no milestone               2  0  GET blobs, GET trees
//	push that changes many files and completes a milestone    3  1  GET issues, GET tarball, GET trees, PATCH issues
//	push to another branch                                    0  0
//	pull request opened that completes a milestone            5  4  GET blobs, GET compare, GET issues, GET issues/comments, GET trees, PATCH check-runs, PATCH issues, POST check-runs, POST issues/comments
//	pull request: one more commit, the same outcome           3  3  GET blobs, GET compare, GET trees, PATCH check-runs, PATCH issues/comments, POST check-runs
//	pull request: its title is edited                         0  0
//	pull request merged, which completes a step               3  2  GET issues, GET issues/comments, GET trees, PATCH issues, POST issues/comments
//	workflow run completed                                    0  0
//	box ticked: check again now                               3  1  GET issues, GET issues, GET trees, PATCH issues
//	command: why                                              2  2  GET collaborators/permission, GET issues/comments, POST issues/comments, POST issues/comments/reactions
//	comment that is not for the bot                           0  0
//	repository renamed                                        2  1  GET issues, GET trees, PATCH issues
//	repository swept, nothing new                             2  0  GET issues, GET trees
package evaluate
