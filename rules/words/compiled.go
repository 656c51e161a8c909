package words

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"milepost/rules/facts"
	"milepost/rules/manifest"
	"milepost/rules/snapshot"
)

// jvm finds the words of Java, Kotlin and Scala.
func (b *bench) jvm() {
	own := b.dir
	build := b.top("pom.xml", "build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts", "build.sbt")
	kind := b.first("build.gradle", "build.gradle.kts", "pom.xml", "build.sbt", "settings.gradle", "settings.gradle.kts")
	switch {
	case !build:
		if only := b.onlyFile(); strings.HasSuffix(only, ".java") {
			b.set("run", "java "+only)
		}
	case kind == "build.sbt":
		b.manifest(kind)
		b.tool("sbt", "sbt compile", "sbt test", "", "")
		b.set("run", "sbt run")
		b.set("check", "sbt test")
	case kind == "pom.xml":
		b.maven(own)
	default:
		b.gradle(own)
	}
}

// onlyFile is the path of the one file of the program, or "" when it has several.
func (b *bench) onlyFile() string {
	only := ""
	for i := range b.r.Files {
		if f := &b.r.Files[i]; f.OwnCode() {
			if only != "" || !safe(f.Path) {
				return ""
			}
			only = f.Path
		}
	}
	return only
}

// top moves the main package to the outermost folder around it that has one of the files, as the root of a build of several modules is.
func (b *bench) top(names ...string) bool {
	best, was, found := b.dir, b.dir, false
	for {
		if b.first(names...) != "" {
			best, found = b.dir, true
		}
		if b.dir == "" {
			break
		}
		b.dir = parent(b.dir)
	}
	b.dir = best
	if !found {
		b.dir = was
	}
	return found
}

func (b *bench) maven(own string) {
	b.manifest("pom.xml")
	b.tool("maven", "mvn --batch-mode compile", "mvn --batch-mode test", "", "")
	b.set("check", "mvn --batch-mode verify")
	switch {
	case b.plugged("spring-boot-maven-plugin"):
		b.set("run", "mvn spring-boot:run")
	case b.plugged("exec-maven-plugin"):
		b.set("run", "mvn compile exec:java")
	case b.plugged("quarkus-maven-plugin"):
		b.set("run", "mvn quarkus:dev")
	}
	if own == b.dir && b.plugged("spring-boot-maven-plugin") && b.field("packaging") != "war" {
		b.jar("mvn --batch-mode package -DskipTests", "target/*.jar")
		b.set("image", "maven:3-eclipse-temurin-"+b.s.Words["version"])
	}
}

func (b *bench) gradle(own string) {
	b.manifest(b.first("build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts"))
	call, image := "gradle", ""
	if f := b.r.Lookup(b.at("gradlew")); f != nil {
		call = "./gradlew"
		if f.Mode != snapshot.Executable {
			image = "sh "
		}
	}
	image += call
	b.tool("gradle", call+" build -x test", call+" test", "", "")
	b.set("check", image+" build")
	switch {
	case b.plugged("org.springframework.boot"):
		b.set("run", call+" bootRun")
		if own == b.dir {
			b.jar(image+" bootJar", "build/libs/*.jar")
		}
	case b.plugged("io.ktor.plugin"):
		b.set("run", call+" run")
		if own == b.dir {
			b.jar(image+" buildFatJar", "build/libs/*-all.jar")
		}
	case b.plugged("application"):
		b.set("run", call+" run")
	}
	if b.s.Words["artifact"] != "" {
		b.set("image", "eclipse-temurin:"+b.s.Words["version"]+"-jdk")
		if call == "gradle" {
			b.set("image", "gradle:8-jdk"+b.s.Words["version"])
		}
	}
}

// jar notes how the one jar that runs by itself is made.
func (b *bench) jar(build, artifact string) {
	b.set("build", build)
	b.set("artifact", artifact)
	b.set("version", b.javaVersion())
}

// javaVersion is the release for which images are made that is nearest above the one the build asks for.
func (b *bench) javaVersion() string {
	asked := b.field("sourceCompatibility")
	for _, p := range []string{"java.version", "maven.compiler.release", "maven.compiler.source"} {
		if b.m != nil && asked == "" {
			asked = b.m.Properties[p]
		}
	}
	n := 0
	for _, d := range regexp.MustCompile(`\d+`).FindAllString(strings.TrimPrefix(asked, "1."), 1) {
		for _, c := range d[:min(2, len(d))] {
			n = n*10 + int(c-'0')
		}
	}
	switch {
	case n == 0 || n > 17 && n <= 21:
		return "21"
	case n <= 8:
		return "8"
	case n <= 11:
		return "11"
	case n <= 17:
		return "17"
	}
	return "25"
}

// plugged reports whether the build uses a plugin, by its id or its artifact.
func (b *bench) plugged(name string) bool {
	for i := range b.r.Manifests {
		for _, p := range b.r.Manifests[i].Plugins {
			if p.Name == name || strings.HasSuffix(p.Name, ":"+name) {
				return true
			}
		}
	}
	return false
}

// dotnet finds the words of C# and F#.
func (b *bench) dotnet() {
	if b.s.Framework == "aspnet" {
		b.tool("", "nuget restore", "", "Install-Package", "Install-Package")
		return
	}
	b.tool("", "", "dotnet test", "dotnet add package", "dotnet add package")
	var projects []manifest.Manifest
	for i := range b.r.Manifests {
		if m := &b.r.Manifests[i]; m.Kind == "csproj" && m.Fields["Sdk"] != "" {
			projects = append(projects, *m)
		}
	}
	if len(projects) == 0 {
		return // the old projects of Visual Studio are built there
	}
	slices.SortFunc(projects, func(x, y manifest.Manifest) int { return cmp.Compare(x.Path, y.Path) })
	if sln := b.solution(); sln != "" {
		b.up(sln)
	}
	if len(projects) == 1 && safe(projects[0].Path) {
		b.set("manifest", projects[0].Path)
	}
	b.set("install", "dotnet restore")
	b.set("run", "dotnet run")
	if b.solution() != "" || len(projects) == 1 {
		b.set("check", "dotnet test")
	}
	version := regexp.MustCompile(`net(\d+)\.0`)
	best := ""
	for _, p := range projects {
		if m := version.FindStringSubmatch(p.Fields["TargetFramework"]); m != nil && (len(m[1]) > len(best) || len(m[1]) == len(best) && m[1] > best) {
			best = m[1]
		}
	}
	if best != "" {
		b.set("version", best+".0.x")
	}
}

// solution is the name of the solution in the main package or above it, or "".
func (b *bench) solution() string {
	for dir := b.dir; ; dir = parent(dir) {
		for i := range b.r.Files {
			f := &b.r.Files[i]
			if f.Dir() == dir && (strings.HasSuffix(f.Path, ".sln") || strings.HasSuffix(f.Path, ".slnx")) {
				return f.Base()
			}
		}
		if dir == "" {
			return ""
		}
	}
}

// golang finds the words of Go.
func (b *bench) golang() {
	if !b.manifest("go.mod") {
		b.tool("", "", "go test", "go get", "go get")
		return
	}
	b.tool("", "go mod download", "go test ./...", "go get", "go get")
	b.set("check", "go test ./...")
	mains := map[string]bool{}
	for _, h := range b.r.Hits(facts.KindFunction) {
		if rel, ok := b.rel(h.File.Path); ok && h.Name == "main" && h.File.OwnCode() && !h.File.Class.Has(facts.Example) && strings.HasSuffix(rel, ".go") {
			mains[parent(rel)] = true
		}
	}
	main := ""
	switch {
	case mains[""]:
		main = "."
	case len(mains) == 1:
		for dir := range mains {
			main = "./" + dir
		}
	default:
		return
	}
	b.set("run", "go run "+main)
	if !b.declares("github.com/mattn/go-sqlite3", "gorm.io/driver/sqlite") { // these need a C compiler, and libraries beside the program
		b.set("build", "CGO_ENABLED=0 go build -o /app "+main)
	}
}

// rust finds the words of Rust.
func (b *bench) rust() {
	b.top("Cargo.toml")
	if !b.manifest("Cargo.toml") {
		return
	}
	b.tool("", "cargo build", "cargo test", "cargo add", "cargo add --dev")
	b.set("check", "cargo test")
	if b.has("src/main.rs") {
		b.set("run", "cargo run")
	}
}

// elixir finds the words of Elixir.
func (b *bench) elixir() {
	b.top("mix.exs")
	if !b.manifest("mix.exs") {
		return
	}
	b.tool("", "mix deps.get", "mix test", "", "")
	b.set("check", "mix test")
	b.set("run", "mix run")
	if b.s.Framework == "phoenix" {
		b.set("run", "mix phx.server")
	}
}
