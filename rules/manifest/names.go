package manifest

import "strings"

// format ties the name of a file to its reader.
type format struct {
	kind string
	eco  Ecosystem
	read func(*Manifest, string) error
}

// Recognise reports whether the file at path is a manifest that Parse reads. It
// looks at the name alone, without regard to case, because the file systems of
// many learners have none.
func Recognise(path string) bool {
	_, ok := lookup(path)
	return ok
}

// LockFile reports whether the file at path is a lock file, and of which
// ecosystem. Lock files are not parsed.
func LockFile(path string) (Ecosystem, bool) {
	_, base := split(path)
	switch base {
	case "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb", "deno.lock":
		return NPM, true
	case "poetry.lock", "uv.lock", "pdm.lock", "pipfile.lock", "pylock.toml":
		return PyPI, true
	case "gradle.lockfile":
		return Maven, true
	case "gemfile.lock", "gems.locked":
		return Gem, true
	case "composer.lock":
		return Composer, true
	case "packages.lock.json":
		return NuGet, true
	case "go.sum", "go.work.sum":
		return Go, true
	case "cargo.lock":
		return Cargo, true
	case "mix.lock":
		return Hex, true
	}
	return "", false
}

// split returns the name of the directory that holds the file and the file's own
// name, both lower-case.
func split(path string) (dir, base string) {
	base = path
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		base, dir = path[i+1:], path[:i]
		dir = dir[strings.LastIndexByte(dir, '/')+1:]
	}
	return strings.ToLower(dir), strings.ToLower(base)
}

// lookup finds the format of a file by its name.
func lookup(path string) (format, bool) {
	dir, base := split(path)
	if f := byName(base); f.read != nil {
		return f, true
	}
	dot := strings.LastIndexByte(base, '.')
	if dot < 0 {
		return format{}, false
	}
	f := bySuffix(dir, base[:dot], base[dot:])
	return f, f.read != nil
}

// byName knows the files whose whole name is fixed.
func byName(base string) format {
	switch base {
	case "package.json":
		return format{"package.json", NPM, readPackageJSON}
	case "composer.json":
		return format{"composer.json", Composer, readComposer}
	case "deno.json", "deno.jsonc":
		return format{"deno.json", NPM, readDeno}
	case "lerna.json":
		return format{"lerna.json", NPM, readLerna}
	case "pyproject.toml":
		return format{"pyproject", PyPI, readPyproject}
	case "pom.xml":
		return format{"pom.xml", Maven, readPom}
	case "go.mod":
		return format{"go.mod", Go, readGoMod}
	case "go.work":
		return format{"go.work", Go, readGoMod}
	case "settings.gradle", "settings.gradle.kts":
		return format{"settings.gradle", Maven, readGradle}
	case "gradle.properties":
		return format{"gradle.properties", Maven, readGradleProperties}
	}
	return format{}
}

// bySuffix knows the files that are named freely but for their ending.
func bySuffix(dir, stem, ext string) format {
	switch ext {
	case ".txt", ".in":
		if strings.HasPrefix(stem, "requirements") || strings.HasSuffix(stem, "requirements") || dir == "requirements" || dir == "reqs" {
			return format{"requirements", PyPI, readRequirements}
		}
	case ".gradle":
		return format{"build.gradle", Maven, readGradle}
	case ".kts":
		if strings.HasSuffix(stem, ".gradle") {
			return format{"build.gradle.kts", Maven, readGradle}
		}
	case ".toml":
		if strings.HasSuffix(stem, ".versions") {
			return format{"libs.versions.toml", Maven, readCatalogue}
		}
	}
	return format{}
}
