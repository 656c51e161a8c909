package manifest

import (
	"path"
	"strings"
)

// maxParents bounds a chain of Maven parents.
const maxParents = 20

// maven fills in properties and managed versions along the parent chain and hands
// down the parents' dependencies.
func (r *resolver) maven() {
	byName := make(map[string]int)
	for i := range r.ms {
		if r.ms[i].Kind == "pom.xml" && r.ms[i].Name != "" {
			if _, ok := byName[r.ms[i].Name]; !ok {
				byName[r.ms[i].Name] = i
			}
		}
	}
	if len(byName) == 0 {
		return
	}
	// The chains and what is written in the poms are taken before anything changes.
	type pom struct {
		chain []*Manifest
		deps  []Dependency
	}
	poms := make(map[int]pom, len(byName))
	for i := range r.ms {
		if r.ms[i].Kind != "pom.xml" {
			continue
		}
		p := pom{deps: r.ms[i].Dependencies[:len(r.ms[i].Dependencies):len(r.ms[i].Dependencies)]}
		seen := map[int]bool{}
		for k, ok := i, true; ok && !seen[k] && len(p.chain) < maxParents; k, ok = byName[r.ms[k].Parent] {
			seen[k] = true
			p.chain = append(p.chain, &r.ms[k])
		}
		poms[i] = p
	}
	for i := range r.ms {
		p, ok := poms[i]
		if !ok {
			continue
		}
		m := &r.ms[i]
		for _, parent := range p.chain[1:] {
			m.inherit(parent, poms[r.byPath[strings.ToLower(parent.Path)]].deps)
		}
	}
	for i := range r.ms {
		if p, ok := poms[i]; ok {
			r.fillPom(&r.ms[i], p.chain)
		}
	}
}

// fillPom resolves the names and versions of one pom.
func (r *resolver) fillPom(m *Manifest, chain []*Manifest) {
	look := func(name string) (string, bool) {
		for _, p := range chain {
			if v, ok := p.Properties[name]; ok && v != "" {
				return v, true
			}
		}
		return "", false
	}
	m.Name, m.Version = expand(m.Name, look), expand(m.Version, look)
	for _, list := range [...][]Dependency{m.Dependencies, m.Managed, m.Plugins} {
		for i := range list {
			list[i].Name, list[i].Version = expand(list[i].Name, look), expand(list[i].Version, look)
		}
	}
	managed := make(map[string]Dependency)
	for _, p := range chain {
		for _, d := range p.Managed {
			d.Name = expand(d.Name, look)
			if _, ok := managed[d.Name]; !ok {
				managed[d.Name] = d
			}
		}
	}
	for i := range m.Dependencies {
		d := &m.Dependencies[i]
		g, ok := managed[d.Name]
		if !ok {
			continue
		}
		if d.Version == "" {
			d.Version = expand(g.Version, look)
		}
		if d.Scope == Runtime {
			d.Scope = g.Scope
		}
	}
}

// expand fills in $name and ${name}, also inside the values, up to a few levels
// and a fixed length. Unknown names stay as written.
func expand(s string, look func(string) (string, bool)) string {
	for depth := 0; depth < 5 && strings.IndexByte(s, '$') >= 0 && len(s) < 1000; depth++ {
		var b strings.Builder
		changed := false
		for {
			i := strings.IndexByte(s, '$')
			if i < 0 || b.Len() > 1000 {
				break
			}
			b.WriteString(s[:i])
			s = s[i:]
			name, n := variable(s)
			if v, ok := look(name); n > 0 && ok && len(v) < 1000 {
				b.WriteString(v)
				changed = true
			} else {
				n = max(n, 1)
				b.WriteString(s[:n])
			}
			s = s[n:]
		}
		b.WriteString(s)
		s = b.String()
		if !changed {
			break
		}
	}
	return s
}

// variable returns the name after "$" or within "${}" at the start of s, and the
// length of the reference.
func variable(s string) (string, int) {
	if strings.HasPrefix(s, "${") {
		end := strings.IndexByte(s, '}')
		if end < 0 {
			return "", 0
		}
		return strings.TrimSpace(s[2:end]), end + 1
	}
	n := 1
	for n < len(s) && (letter(s[n]) || n > 1 && digit(s[n])) {
		n++
	}
	// "$rootProject.ext.foo" is a path of names; the dot of "$a.b" within a version is not seen often.
	for n+1 < len(s) && s[n] == '.' && letter(s[n+1]) {
		n++
		for n < len(s) && (letter(s[n]) || digit(s[n])) {
			n++
		}
	}
	return s[1:n], n
}

// gradle replaces accessors by coordinates and fills in variables.
func (r *resolver) gradle() {
	for i := range r.ms {
		m := &r.ms[i]
		if m.Kind != "build.gradle" && m.Kind != "build.gradle.kts" && m.Kind != "build.sbt" {
			continue
		}
		if m.Kind == "build.sbt" && !sbtVariables(m) {
			continue
		}
		scripts := r.gradleScope(m)
		look := func(name string) (string, bool) { return gradleVariable(scripts, name) }
		m.Dependencies = r.gradleList(m.Dependencies, scripts, look)
		m.Managed = r.gradleList(m.Managed, scripts, look)
		m.Plugins = r.gradleList(m.Plugins, scripts, look)
		m.Version = expand(m.Version, look)
	}
}

// sbtVariables reports whether a version of an sbt build is a variable.
func sbtVariables(m *Manifest) bool {
	for _, d := range m.Dependencies {
		if strings.HasPrefix(d.Version, "$") {
			return true
		}
	}
	return false
}

// gradleScope returns the manifests whose variables and aliases a script sees:
// itself, what it applies, and the scripts, properties and catalogues of its
// directory and those above, nearest first.
func (r *resolver) gradleScope(m *Manifest) []*Manifest {
	scope := []*Manifest{m}
	included := func(of *Manifest) {
		for _, inc := range of.Includes[:min(len(of.Includes), 50)] {
			if o := r.at(inc.Path); o != nil {
				scope = append(scope, o)
			} else if o = r.at(path.Base(path.Dir(inc.Path)) + "/" + path.Base(inc.Path)); o != nil {
				scope = append(scope, o) // written relative to the root
			}
		}
	}
	included(m)
	add := func(o *Manifest) bool {
		switch o.Kind {
		case "build.gradle", "build.gradle.kts", "settings.gradle", "gradle.properties", "build.sbt":
			if o != m {
				scope = append(scope, o)
				included(o)
			}
		case "libs.versions.toml":
			scope = append(scope, o)
		}
		return false
	}
	for dir, depth := path.Dir(m.Path), 0; depth < maxDepth; depth++ {
		for _, d := range [...]string{dir, path.Join(dir, "gradle"), path.Join(dir, "project")} {
			for _, i := range r.byDir[d] {
				if d == dir || r.ms[i].Kind == "libs.versions.toml" || r.ms[i].Kind == "build.sbt" {
					add(&r.ms[i])
				}
			}
		}
		if dir == "." || dir == "/" || len(scope) > 500 {
			break
		}
		dir = path.Dir(dir)
	}
	return scope
}

// gradleVariable finds a variable by its whole name, then by its last part:
// "rootProject.ext.springVersion" and "Versions.spring" are set as the last.
func gradleVariable(scripts []*Manifest, name string) (string, bool) {
	if i := strings.IndexAny(name, `"'`); i >= 0 {
		name = name[i+1:] // property("x"), extra["x"]
		name = name[:max(0, strings.IndexAny(name, `"'`))]
	}
	for _, key := range [...]string{name, name[strings.LastIndexByte(name, '.')+1:]} {
		for _, s := range scripts {
			if v, ok := s.Properties[key]; ok && v != "" {
				return v, true
			}
		}
	}
	return "", false
}

// gradleList resolves one list of dependencies.
func (r *resolver) gradleList(list []Dependency, scripts []*Manifest, look func(string) (string, bool)) []Dependency {
	out := list[:0:0]
	for _, d := range list {
		if strings.IndexByte(d.Name, ':') < 0 {
			if targets, ok := r.gradleAlias(scripts, d.Name); ok && len(out) < maxInherited {
				for _, t := range targets {
					t.Scope, t.Line = d.Scope, d.Line
					t.Name, t.Version = expand(t.Name, look), expand(t.Version, look)
					if d.Version != "" {
						t.Version = d.Version
					}
					out = append(out, t)
				}
				continue
			}
		}
		d.Name, d.Version = expand(d.Name, look), expand(d.Version, look)
		out = append(out, d)
	}
	return out
}

// gradleAlias finds what an accessor stands for.
func (r *resolver) gradleAlias(scripts []*Manifest, name string) ([]Dependency, bool) {
	for _, s := range scripts {
		if t, ok := r.alias(s, name); ok {
			return t, true
		}
	}
	return nil, false
}
