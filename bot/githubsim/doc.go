// Package githubsim is a stand-in for GitHub: one process, one address, no
// network beyond the loopback, no account.
//
// It keeps accounts, apps and their installations, repositories with real git
// objects (the same ids that git gives), issues, pull requests, check runs,
// workflow runs and deployments in memory, serves the part of GitHub's REST
// interface that Milepost uses, delivers signed webhooks, plays the sign-in and
// app registration flows, and shows it all on plain HTML pages.
//
// Two groups of callers use it. A program under test talks to it over HTTP as it
// would to GitHub ([Sim.URL], [Sim.APIURL]). The test, or `milepost demo`, plays
// the people and their git clients through the methods of [Sim]. Every exported
// method may be called from any goroutine.
//
// Driving methods panic when they are asked for what no person could do (push to
// a deleted repository, open a pull request from a branch that is not there):
// these are mistakes in the calling test, as with regexp.MustCompile. Whatever
// depends on the state of the world (a merge conflict, a folder that is not a git
// repository) is returned as an error. What arrives over HTTP never panics.
package githubsim
