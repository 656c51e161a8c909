// Package snapshot gives an immutable view of a repository at one commit: the
// list of its files, their contents on demand, and what is known of its history.
//
// A [Snapshot] comes from one of these readers:
//
//   - [Folder]: a directory on disk; in a git work tree, the files git would see.
//   - [GitCommit]: one commit of a local repository, read from its object store.
//   - [Tar]: the tar.gz archive that GitHub serves for a commit.
//   - [New]: a list of entries and a function that reads them, for any other source.
//
// [GitLog] reads the history of a local repository; [Activity] holds what GitHub
// knows beyond the files. Neither the git program nor a network is used, and
// nothing found in a repository is ever executed.
//
// # What a reader promises
//
// Everything read here was written by strangers. Paths are checked (no "..", no
// absolute path, no backslash, no NUL, no .git), sizes, counts and depths are
// bounded, symbolic links are listed and never followed, and damaged input is an
// error or a warning, never a panic. What could not be read is said: a snapshot
// whose list of files is incomplete has Truncated set, so that nobody takes
// absence for a fact, and each oddity is one plain sentence in Warnings.
package snapshot
