// Package manifest reads what a project declares about itself: dependencies,
// scripts, plugins, workspaces and a few notable settings, from the manifests of
// npm, Python, the JVM, Ruby, PHP, .NET, Go, Rust, Elixir and Scala and from
// the task files (Makefile, justfile, Taskfile, tox, nox, Rakefile) beside them.
//
// Everything is a pure function of bytes. [Recognise] says by name whether a file
// is worth reading, [Parse] reads one, and [Resolve] joins those of a repository:
// Maven parents and properties, Gradle version catalogues, central package
// versions, workspaces and included requirement files. Lock files are only named
// ([LockFile]); they hold what others chose, and a declaration is what counts.
//
//	ms := make([]manifest.Manifest, 0, len(files))
//	for _, f := range files {
//		if !manifest.Recognise(f.Path) {
//			continue
//		}
//		m, err := manifest.Parse(f.Path, f.Content) // m is usable even when err is not nil
//		...
//		ms = append(ms, m)
//	}
//	ms = manifest.Resolve(ms)
//
// The input is a stranger's. Size and depth are bounded, aliases and entities are
// never expanded, what is commented out yields nothing, and a fault in the middle
// of a file costs only what stands behind it. Build scripts are not run: from
// Gradle, sbt, mix, setup.py, noxfile and their like only what is written plainly is
// read, so a dependency that a loop computes is not seen.
package manifest
