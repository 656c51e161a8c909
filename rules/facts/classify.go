package facts

import (
	"slices"
	"strings"

	"milepost/rules/lex"
	"milepost/rules/manifest"
	"milepost/rules/snapshot"
)

// Class says what part a file plays, by its path alone. A file may be several things.
type Class uint16

// The classes.
const (
	// Vendored files came from others or from a tool: dependencies, virtual environments, build output. They are never evidence.
	Vendored Class = 1 << iota
	// Test files hold tests or their data.
	Test
	// Example files are samples and demonstrations beside the project.
	Example
	// Docs files are prose.
	Docs
	// Lock files list resolved dependencies.
	Lock
)

// Has reports whether c includes any of other.
func (c Class) Has(other Class) bool { return c&other != 0 }

// vendoredDirs are folders that hold no hand-written code wherever they lie.
var vendoredDirs = map[string]bool{
	"node_modules": true, "bower_components": true, "jspm_packages": true, ".yarn": true, ".pnp": true,
	"site-packages": true, ".venv": true, "venv": true, "virtualenv": true, "__pycache__": true, ".tox": true, ".nox": true,
	".eggs": true, ".mypy_cache": true, ".pytest_cache": true, ".ruff_cache": true, ".gradle": true, ".next": true, ".nuxt": true,
	".svelte-kit": true, ".output": true, ".parcel-cache": true, ".turbo": true, ".serverless": true, ".terraform": true,
	"third_party": true, "thirdparty": true, "deps": false, "_build": true, ".elixir_ls": true, ".bundle": true, ".vs": true,
	".idea": true, ".vscode": false, ".dart_tool": true, "pods": true, "cmakefiles": true, ".stack-work": true, ".metals": true, ".bloop": true,
	".mvn": true, "staticfiles": true, ".ipynb_checkpoints": true, "wp-includes": true, "wp-admin": true, ".git": true, "htmlcov": true,
	// libraries that pages without a package manager carry along
	"phpmailer": true, "phpexcel": true, "tcpdf": true, "fpdf": true, "dompdf": true, "ckeditor": true, "tinymce": true,
}

// outputDirs hold build output where a manifest lies beside them or above them at the root; elsewhere the name says little.
var outputDirs = map[string]bool{
	"dist": true, "build": true, "target": true, "out": true, "obj": true, "coverage": true, "vendor": true, "storybook-static": true,
}

// classifier classifies paths of one repository, whose manifests tell where build output lies.
type classifier struct {
	roots   map[string]bool // folders with a manifest, "" for the root
	managed bool            // the root has a manifest
	copied  []string        // folders that hold a copy of a framework, each with its closing slash
	own     []string        // folders that are called an example and are the project itself, each with its closing slash
}

// maxCopied bounds the copies of frameworks that are looked for, so that a hostile list of paths costs no more than its length.
const maxCopied = 8

// frameworkMarks are files by which a framework that is copied into a repository is known: the folder that is its own, and the file in it.
var frameworkMarks = [][2]string{{"system/", "core/CodeIgniter.php"}, {"system/", "CodeIgniter.php"}, {"framework/", "yiilite.php"}, {"lib/Cake/", "bootstrap.php"}, {"ThinkPHP/", "ThinkPHP.php"}, {"thinkphp/", "base.php"}}

// copiedFramework is the folder of the framework that a path marks, or "".
func copiedFramework(path string) string {
	if !strings.HasSuffix(path, ".php") {
		return ""
	}
	for _, m := range frameworkMarks {
		if before, ok := strings.CutSuffix(path, m[0]+m[1]); ok && (before == "" || strings.HasSuffix(before, "/")) {
			return before + m[0]
		}
	}
	return ""
}

func newClassifier(entries []snapshot.Entry) classifier {
	c := classifier{roots: map[string]bool{"": true}}
	for _, e := range entries {
		if dir := copiedFramework(e.Path); dir != "" {
			if len(c.copied) < maxCopied {
				c.copied = append(c.copied, dir)
			}
		}
		if manifest.Recognise(e.Path) && !strings.Contains(e.Path, "node_modules/") {
			c.roots[dirOf(e.Path)] = true
			c.managed = c.managed || dirOf(e.Path) == ""
		}
	}
	c.own = c.ownExamples(entries)
	return c
}

// maxOwn bounds the folders that are called an example and looked at whether they are the project.
const maxOwn = 8

// ownExamples are the folders that are called "demo", "example" or "sample" and are not beside the project but the project: Spring's generator calls its folder
// demo. They have a manifest while no folder above has one, or no code lies anywhere else.
func (c *classifier) ownExamples(entries []snapshot.Entry) (own []string) {
	var found []string
	managed := map[string]bool{}
	for _, e := range entries {
		dir := oneExample(e.Path)
		if dir == "" {
			continue
		}
		if !slices.Contains(found, dir) {
			if len(found) == maxOwn {
				continue
			}
			found = append(found, dir)
		}
		managed[dir] = managed[dir] || manifest.Recognise(e.Path)
	}
	if len(found) == 0 {
		return nil
	}
	alone := !slices.ContainsFunc(entries, func(e snapshot.Entry) bool {
		return lex.ByPath(e.Path).GeneralPurpose() && !c.classify(e.Path).Has(Vendored|Test|Docs|Example)
	})
	for _, dir := range found {
		if alone || managed[dir] && !c.managedAbove(dir) {
			own = append(own, dir)
		}
	}
	return own
}

// managedAbove reports whether a folder above dir has a manifest.
func (c *classifier) managedAbove(dir string) bool {
	for dir = strings.TrimSuffix(dir, "/"); dir != ""; {
		if dir = dirOf(dir); c.roots[dir] && (dir != "" || c.managed) {
			return true
		}
	}
	return false
}

// oneExample is the folder of a path that is called an example, in the singular, with its closing slash, or "".
func oneExample(path string) string {
	for at := 0; ; {
		i := strings.IndexByte(path[at:], '/')
		if i < 0 {
			return ""
		}
		if part := path[at : at+i]; exampleDirs[strings.ToLower(part)] == single && !packageDir(strings.ToLower(path[:at])) {
			return path[:at+i+1]
		}
		at += i + 1
	}
}

// packageDir reports whether what lies in a lower-case folder (with its closing slash) is a package by its name: com.example is that of generated projects.
func packageDir(dir string) bool {
	return strings.Contains(dir, "src/main/") || strings.HasSuffix(dir, "com/") || strings.HasSuffix(dir, "org/") || strings.Contains(dir, "com/example/")
}

func dirOf(path string) string {
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		return path[:i]
	}
	return ""
}

func baseOf(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// classify returns the class of path.
func (c classifier) classify(path string) Class {
	var cl Class
	lower := strings.ToLower(path)
	dir, base := dirOf(lower), baseOf(lower)
	for rest, at := dir, 0; rest != ""; {
		part, more, found := strings.Cut(rest, "/")
		switch {
		case vendoredDirs[part]:
			cl |= Vendored
		case outputDirs[part] && c.roots[strings.TrimSuffix(path[:at], "/")] && !(part == "build" && (isDockerfile("", base) || isCompose("", base))): // Go projects keep their images in build/
			cl |= Vendored
		case part == "vendor" && assetDir(lower[:at]), part == "packages" && nugetDir(more):
			cl |= Vendored
		case testDirs[part], strings.HasSuffix(part, ".tests"), strings.HasSuffix(part, ".test"), strings.HasSuffix(part, "tests") && strings.Contains(part, "."):
			cl |= Test
		case exampleDirs[part] == several && !packageDir(dir[:at]), exampleDirs[part] == single && !packageDir(dir[:at]) && !under(path, c.own):
			cl |= Example
		case part == "docs" || part == "doc":
			cl |= Docs
		}
		at += len(part) + 1
		rest = more
		if !found {
			break
		}
	}
	if under(path, c.copied) {
		cl |= Vendored
	}
	if testFile(base) && !migrationDir(dir) {
		cl |= Test
	}
	if _, ok := manifest.LockFile(path); ok {
		cl |= Lock
	}
	return cl
}

// under reports whether a path lies in one of the folders.
func under(path string, dirs []string) bool {
	return slices.ContainsFunc(dirs, func(dir string) bool { return strings.HasPrefix(path, dir) })
}

// nugetDir reports whether a folder below "packages" is one that NuGet unpacks: "EntityFramework.6.4.4/...".
func nugetDir(rest string) bool {
	name, _, _ := strings.Cut(rest, "/")
	i := strings.IndexByte(name, '.')
	for i >= 0 && i+2 < len(name) {
		if c := name[i+1]; c >= '0' && c <= '9' && strings.IndexByte(name[i+2:], '.') >= 0 {
			return true
		}
		n := strings.IndexByte(name[i+1:], '.')
		if n < 0 {
			return false
		}
		i += n + 1
	}
	return false
}

// migrationDir reports whether a lower-case folder keeps migrations, whose names say what they change: "..._initial_test.py".
func migrationDir(dir string) bool {
	last := baseOf(dir)
	return last == "migrations" || last == "migrate" || last == "versions" && strings.Contains(dir, "/") && (strings.Contains(dir, "migrat") || strings.Contains(dir, "alembic"))
}

// assetDir reports whether a folder (with its closing slash) holds what a site serves, so that "vendor" in it is other people's.
func assetDir(dir string) bool {
	switch baseOf(strings.TrimSuffix(dir, "/")) {
	case "assets", "public", "static", "js", "css", "wwwroot", "scripts":
		return true
	}
	return false
}

var testDirs = map[string]bool{
	"test": true, "tests": true, "__tests__": true, "spec": true, "specs": true, "e2e": true, "testing": true, "unittests": true,
	"cypress": true, "testdata": true, "fixtures": true, "__mocks__": true, "test_data": true, "androidtest": true, "integrationtest": true,
}

// The numbers of the names of exampleDirs.
const (
	single = iota + 1
	several
)

var exampleDirs = map[string]int{"example": single, "examples": several, "sample": single, "samples": several, "demo": single, "demos": several}

// testFile tells a test by its name, in the conventions of the test runners of each ecosystem. base is lower-case.
func testFile(base string) bool {
	dot := strings.LastIndexByte(base, '.')
	if dot <= 0 {
		return false
	}
	stem, ext := base[:dot], base[dot+1:]
	switch ext {
	case "js", "jsx", "ts", "tsx", "mjs", "cjs", "mts", "cts", "vue":
		return strings.HasSuffix(stem, ".test") || strings.HasSuffix(stem, ".spec") || strings.HasSuffix(stem, "-test") ||
			strings.HasSuffix(stem, "_test") || strings.HasSuffix(stem, ".e2e-spec") || strings.HasSuffix(stem, ".cy") || stem == "test" || stem == "tests"
	case "py":
		return strings.HasPrefix(stem, "test_") || strings.HasSuffix(stem, "_test") || stem == "tests" || stem == "test" || stem == "conftest"
	case "go":
		return strings.HasSuffix(stem, "_test")
	case "rb":
		return strings.HasSuffix(stem, "_test") || strings.HasSuffix(stem, "_spec") || strings.HasPrefix(stem, "test_")
	case "java", "kt", "scala", "cs", "php", "groovy", "swift", "fs":
		return strings.HasSuffix(stem, "test") || strings.HasSuffix(stem, "tests") || strings.HasSuffix(stem, "spec") || strings.HasSuffix(stem, "testcase") || strings.HasSuffix(stem, "it") && len(stem) > 4 && strings.HasSuffix(stem, "testit")
	case "rs":
		return stem == "tests" || strings.HasSuffix(stem, "_test") || strings.HasSuffix(stem, "_tests")
	case "exs":
		return strings.HasSuffix(stem, "_test") || stem == "test_helper"
	case "c", "cc", "cpp":
		return strings.HasSuffix(stem, "_test") || strings.HasPrefix(stem, "test_") || strings.HasSuffix(stem, "_tests")
	}
	return false
}

// unread are the extensions whose content no rule looks at.
var unread = map[string]bool{
	"png": true, "jpg": true, "jpeg": true, "gif": true, "ico": true, "webp": true, "avif": true, "bmp": true, "tif": true, "tiff": true, "psd": true,
	"svg": true, "woff": true, "woff2": true, "ttf": true, "otf": true, "eot": true, "mp3": true, "mp4": true, "mov": true, "avi": true, "webm": true,
	"wav": true, "ogg": true, "pdf": true, "doc": true, "docx": true, "xls": true, "xlsx": true, "ppt": true, "pptx": true, "zip": true, "gz": true,
	"tar": true, "tgz": true, "bz2": true, "xz": true, "7z": true, "rar": true, "jar": true, "war": true, "ear": true, "class": true, "exe": true,
	"dll": true, "so": true, "dylib": true, "a": true, "o": true, "obj": true, "pdb": true, "pyc": true, "pyo": true, "whl": true, "db": true,
	"sqlite": true, "sqlite3": true, "bin": true, "dat": true, "po": true, "mo": true, "pot": true, "map": true, "css": true, "scss": true, "sass": true,
	"less": true, "csv": true, "tsv": true, "parquet": true, "ipynb": true, "snap": true, "wasm": true, "swf": true, "mdb": true, "lock": true,
	"xliff": true, "xlf": true, "ai": true, "eps": true, "sketch": true, "fig": true, "keras": true, "h5": true, "pkl": true, "npy": true, "onnx": true,
}

// wanted reports whether the content of a file is looked at by any scanner. Files of this class and size are not read at all.
func wanted(path string, size int64, cl Class) bool {
	return size <= snapshot.MaxFileSize && relevant(path, size, cl)
}

// relevant reports whether a scanner has a use for such a file, however large it is.
func relevant(path string, size int64, cl Class) bool {
	if cl.Has(Vendored | Lock) {
		return false
	}
	base := strings.ToLower(baseOf(path))
	if dot := strings.LastIndexByte(base, '.'); dot >= 0 {
		ext := base[dot+1:]
		if unread[ext] {
			return base == "erlang.mk"
		}
		if strings.HasSuffix(base, ".min.js") {
			return false
		}
		if size > 256<<10 && lex.ByPath(path) == lex.Unknown {
			return false // data
		}
	}
	return true
}

// Wants returns the test by which a reader of these entries chooses the contents to keep: what [Collect] will read.
func Wants(entries []snapshot.Entry) func(path string, size int64) bool {
	c := newClassifier(entries)
	return func(path string, size int64) bool { return wanted(path, size, c.classify(path)) }
}
