package manifest

import (
	"maps"
	"path"
	"slices"
	"strings"
)

// maxInherited bounds what one manifest takes over from others.
const maxInherited = 5000

// Resolve joins the manifests of one repository and returns them sorted by path;
// the input is not changed. What a manifest takes over from another one is listed
// with From and the line there.
//
//   - Maven: ${properties} and managed versions of the parent chain, and the
//     dependencies that parents give to their children.
//   - Gradle: catalogue accessors become coordinates (those that no catalogue of
//     the repository knows stay), variables of the script, its parents'
//     directories and gradle.properties are filled in.
//   - .NET: versions of Directory.Packages.props and packages of Directory.Build.props.
//   - npm and Cargo: "catalog:" and workspace versions.
//   - pip: the dependencies of files included with -r.
//   - Root is set for members of a workspace.
func Resolve(ms []Manifest) []Manifest {
	out := slices.Clone(ms)
	slices.SortStableFunc(out, func(a, b Manifest) int { return strings.Compare(a.Path, b.Path) })
	r := resolver{
		ms: out, byPath: make(map[string]int, len(out)), byDir: make(map[string][]int, len(out)),
		aliases: make(map[*Manifest]map[string][]Dependency), managed: make(map[*Manifest]map[string]string),
	}
	for i := range out {
		m := &out[i]
		m.Dependencies, m.Managed, m.Plugins = slices.Clone(m.Dependencies), slices.Clone(m.Managed), slices.Clone(m.Plugins)
		r.byPath[strings.ToLower(m.Path)] = i
		r.byDir[path.Dir(m.Path)] = append(r.byDir[path.Dir(m.Path)], i)
	}
	r.maven()
	r.gradle()
	r.dotnet()
	r.versions()
	r.requirements()
	r.workspaces()
	return out
}

// resolver holds the manifests that are being joined.
type resolver struct {
	ms     []Manifest
	byPath map[string]int // by path in lower case
	byDir  map[string][]int
	// names of aliases and of managed versions, built when first asked for
	aliases map[*Manifest]map[string][]Dependency
	managed map[*Manifest]map[string]string
}

// alias returns what an alias of m stands for.
func (r *resolver) alias(m *Manifest, name string) ([]Dependency, bool) {
	if len(m.Aliases) == 0 {
		return nil, false
	}
	index, ok := r.aliases[m]
	if !ok {
		index = make(map[string][]Dependency, len(m.Aliases))
		for _, a := range m.Aliases {
			if _, known := index[a.Name]; !known {
				index[a.Name] = a.Targets
			}
		}
		r.aliases[m] = index
	}
	t, ok := index[name]
	return t, ok
}

// managedVersion returns the version that m offers for a package, or "".
func (r *resolver) managedVersion(m *Manifest, name string) string {
	if len(m.Managed) == 0 {
		return ""
	}
	index, ok := r.managed[m]
	if !ok {
		index = make(map[string]string, len(m.Managed))
		for _, d := range m.Managed {
			if _, known := index[d.Name]; !known {
				index[d.Name] = d.Version
			}
		}
		r.managed[m] = index
	}
	return index[name]
}

// at returns the manifest at a path or nil.
func (r *resolver) at(p string) *Manifest {
	if i, ok := r.byPath[strings.ToLower(p)]; ok {
		return &r.ms[i]
	}
	return nil
}

// above calls f with the manifests of a directory and of those above it, nearest
// first, until f returns true.
func (r *resolver) above(dir string, f func(*Manifest) bool) {
	for range maxDepth {
		for _, i := range r.byDir[dir] {
			if f(&r.ms[i]) {
				return
			}
		}
		if dir == "." || dir == "/" {
			return
		}
		dir = path.Dir(dir)
	}
}

// inherit adds the dependencies of another manifest that m does not list itself.
func (m *Manifest) inherit(from *Manifest, deps []Dependency) {
	have := make(map[string]bool, len(m.Dependencies))
	for _, d := range m.Dependencies {
		have[d.Name] = true
	}
	for _, d := range deps {
		if have[d.Name] || d.From != "" || len(m.Dependencies) >= maxInherited {
			continue
		}
		have[d.Name] = true
		d.From = from.Path
		m.Dependencies = append(m.Dependencies, d)
	}
}

// dotnet applies the shared files of the directories above each project.
func (r *resolver) dotnet() {
	for i := range r.ms {
		m := &r.ms[i]
		if m.Kind != "csproj" {
			continue
		}
		var packages, build *Manifest
		r.above(path.Dir(m.Path), func(o *Manifest) bool {
			switch {
			case o.Kind == "Directory.Packages.props" && packages == nil:
				packages = o
			case o.Kind == "Directory.Build.props" && build == nil:
				build = o
			}
			return packages != nil && build != nil
		})
		if build != nil {
			m.inherit(build, build.Dependencies)
			if f := build.Fields["TargetFramework"]; f != "" && m.Fields["TargetFramework"] == "" {
				m.Fields = maps.Clone(m.Fields)
				m.field("TargetFramework", f)
			}
		}
		if packages != nil {
			m.inherit(packages, packages.Dependencies)
		}
		for j := range m.Dependencies {
			d := &m.Dependencies[j]
			if d.Version == "" && packages != nil {
				d.Version = r.managedVersion(packages, d.Name)
			}
			d.Version = msbuildExpand(d.Version, m, build, packages)
		}
	}
}

// msbuildExpand fills in a version that is a single $(Property).
func msbuildExpand(v string, files ...*Manifest) string {
	name, ok := strings.CutPrefix(v, "$(")
	if !ok || !strings.HasSuffix(name, ")") {
		return v
	}
	for _, f := range files {
		if f == nil {
			continue
		}
		if p, found := f.Properties[name[:len(name)-1]]; found && p != "" {
			return p
		}
	}
	return v
}

// versions fills in "catalog:" versions of npm packages and those that Cargo
// packages take from their workspace.
func (r *resolver) versions() {
	for i := range r.ms {
		m := &r.ms[i]
		for j := range m.Dependencies {
			d := &m.Dependencies[j]
			switch {
			case m.Kind == "package.json" && strings.HasPrefix(d.Version, "catalog:"):
				name := strings.TrimPrefix(d.Version, "catalog:")
				if name != "" && name != "default" {
					name += "/"
				} else {
					name = ""
				}
				r.above(path.Dir(m.Path), func(o *Manifest) bool {
					t, ok := r.alias(o, "catalog:"+name+d.Name)
					if ok = ok && o.Ecosystem == NPM; ok {
						d.Version = t[0].Version
					}
					return ok
				})
			case m.Kind == "Cargo.toml" && d.Version == "workspace":
				d.Version = ""
				r.above(path.Dir(m.Path), func(o *Manifest) bool {
					if o.Kind == "Cargo.toml" {
						d.Version = r.managedVersion(o, d.Name)
					}
					return d.Version != ""
				})
			}
		}
	}
}

// requirements adds what requirement files and pyproject.toml include.
func (r *resolver) requirements() {
	own := make([]int, len(r.ms)) // dependencies before anything was added
	for i := range r.ms {
		own[i] = len(r.ms[i].Dependencies)
	}
	for i := range r.ms {
		m := &r.ms[i]
		if m.Ecosystem != PyPI || len(m.Includes) == 0 {
			continue
		}
		seen := map[int]bool{i: true}
		queue := []int{i}
		for len(queue) > 0 && len(seen) < 100 {
			at := queue[0]
			queue = queue[1:]
			for _, inc := range r.ms[at].Includes {
				k, ok := r.byPath[strings.ToLower(inc.Path)]
				if !ok || seen[k] || r.ms[k].Ecosystem != PyPI {
					continue
				}
				seen[k] = true
				queue = append(queue, k)
				m.inherit(&r.ms[k], r.ms[k].Dependencies[:own[k]])
			}
		}
	}
}

// workspaces sets the root of every member.
func (r *resolver) workspaces() {
	for i := range r.ms {
		m := &r.ms[i]
		for _, w := range m.Workspaces {
			switch m.Kind {
			case "pom.xml":
				r.member(m, w, "pom.xml")
			case "settings.gradle":
				r.member(m, w, "build.gradle", "build.gradle.kts")
			case "go.work":
				r.member(m, w, "go.mod")
			}
		}
		kind := ""
		switch m.Kind {
		case "package.json", "Cargo.toml", "pyproject", "deno.json":
			kind = m.Kind
		}
		if kind == "" || path.Dir(m.Path) == "." {
			continue
		}
		r.above(path.Dir(path.Dir(m.Path)), func(o *Manifest) bool {
			if o.Kind != kind && !(kind == "package.json" && (o.Kind == "pnpm-workspace.yaml" || o.Kind == "lerna.json")) {
				return false
			}
			if !matchMember(o, path.Dir(m.Path)) {
				return false
			}
			m.Root = o.Path
			if p := r.at(path.Join(path.Dir(o.Path), "package.json")); p != nil && kind == "package.json" {
				m.Root = p.Path
			}
			return true
		})
	}
}

// member sets the root of the manifest in a directory that root names.
func (r *resolver) member(root *Manifest, dir string, names ...string) {
	p := relative(root.Path, dir)
	if p == "" || p == path.Dir(root.Path) {
		return
	}
	for _, name := range names {
		for _, candidate := range [...]string{path.Join(p, name), p} {
			if m := r.at(candidate); m != nil && m.Root == "" && m.Path != root.Path {
				m.Root = root.Path
				return
			}
		}
	}
}

// matchMember reports whether a root's patterns hold for a directory; a pattern
// with "!" takes members out.
func matchMember(root *Manifest, dir string) bool {
	base := path.Dir(root.Path)
	if base != "." {
		rest, ok := strings.CutPrefix(dir, base+"/")
		if !ok {
			return false
		}
		dir = rest
	}
	segments := strings.Split(dir, "/")
	match := false
	for _, p := range root.Workspaces[:min(len(root.Workspaces), 500)] {
		pattern, not := strings.CutPrefix(p, "!")
		pattern = path.Clean(strings.TrimPrefix(pattern, "./"))
		if match != not {
			continue // nothing to gain
		}
		if matchSegments(strings.Split(pattern, "/"), segments) {
			match = !not
		}
	}
	return match
}

// matchSegments matches a path against a pattern where "**" stands for any number
// of segments; time is the product of their lengths.
func matchSegments(pattern, segments []string) bool {
	reach := make([]bool, len(segments)+1)
	reach[0] = true
	for _, p := range pattern {
		next := make([]bool, len(segments)+1)
		for i, ok := range reach {
			if p == "**" {
				next[i] = ok || i > 0 && next[i-1]
				continue
			}
			if ok && i < len(segments) {
				if hit, err := path.Match(p, segments[i]); err == nil && hit {
					next[i+1] = true
				}
			}
		}
		reach = next
	}
	return reach[len(segments)]
}
