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
	case "pipfile":
		return format{"pipfile", PyPI, readPipfile}
	case "setup.py":
		return format{"setup.py", PyPI, readSetupPy}
	case "setup.cfg":
		return format{"setup.cfg", PyPI, readSetupCfg}
	case "tox.ini":
		return format{"tox.ini", PyPI, readTox}
	case "noxfile.py":
		return format{"noxfile", PyPI, readNoxfile}
	case "gemfile", "gems.rb":
		return format{"Gemfile", Gem, readGemfile}
	case "rakefile", "rakefile.rb":
		return format{"Rakefile", Gem, readRakefile}
	case "directory.packages.props":
		return format{"Directory.Packages.props", NuGet, readMSBuild}
	case "directory.build.props":
		return format{"Directory.Build.props", NuGet, readMSBuild}
	case "packages.config":
		return format{"packages.config", NuGet, readPackagesConfig}
	case "cargo.toml":
		return format{"Cargo.toml", Cargo, readCargo}
	case "mix.exs":
		return format{"mix.exs", Hex, readMix}
	case "makefile", "gnumakefile":
		return format{"Makefile", "", readMakefile}
	case "justfile", ".justfile":
		return format{"justfile", "", readJustfile}
	case "taskfile.yml", "taskfile.yaml", "taskfile.dist.yml", "taskfile.dist.yaml":
		return format{"Taskfile", "", readTaskfile}
	case "pnpm-workspace.yaml":
		return format{"pnpm-workspace.yaml", NPM, readPnpmWorkspace}
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
	case ".yml", ".yaml":
		if strings.HasPrefix(stem, "environment") || strings.HasSuffix(stem, "environment") || stem == "conda" {
			return format{"environment.yml", PyPI, readConda}
		}
	case ".gemspec":
		return format{"gemspec", Gem, readGemspec}
	case ".csproj", ".fsproj", ".vbproj":
		return format{"csproj", NuGet, readMSBuild}
	case ".sbt":
		return format{"build.sbt", Maven, readSbt}
	case ".scala":
		if dir == "project" {
			return format{"build.sbt", Maven, readSbt}
		}
	case ".mk":
		return format{"Makefile", "", readMakefile}
	case ".rake":
		return format{"Rakefile", Gem, readRakefile}
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
