package manifest

import "strings"

// readSbt reads build.sbt and the Scala files of sbt's project folder. Fields:
// "scalaVersion".
func readSbt(m *Manifest, src string) error {
	for _, l := range logicalLines(tokenize(src, scala)) {
		for i := range l {
			sbtToken(m, l, i)
		}
		for i := range l[:min(len(l), 6)] {
			if l[i].word("libraryDependencies") {
				playModules(m, l[i:])
			}
		}
	}
	return nil
}

// sbtToken reads what starts at i.
func sbtToken(m *Manifest, l []token, i int) {
	t := l[i]
	next := func(n int) token {
		if i+n < len(l) {
			return l[i+n]
		}
		return token{}
	}
	switch {
	case t.kind == stringToken && next(1).is('%') && (i == 0 || !l[i-1].is('%')):
		sbtModule(m, l, i)
	case t.word("name", "version", "scalaVersion", "organization") && next(1).is(':') && next(2).is('=') && next(3).kind == stringToken:
		switch t.text {
		case "name":
			if m.Name == "" {
				m.Name = next(3).text
			}
		case "version":
			m.Version = next(3).text
		case "scalaVersion":
			m.field("scalaVersion", next(3).text)
		}
	case t.word("val") && next(1).kind == wordToken && next(2).is('=') && next(3).kind == stringToken && !next(4).is('%'):
		m.property(next(1).text, next(3).text)
	case t.word("enablePlugins") && next(1).is('('):
		for _, p := range l[i+2 : max(i+2, closing(l, i+1))] {
			if p.kind == wordToken {
				m.plugin(p.text, "", p.line)
			}
		}
	case t.word("file") && i > 0 && (l[i-1].word("in") || l[i-1].is('(') && i > 1 && l[i-2].word("in")) && next(2).kind == stringToken && next(2).text != ".":
		m.Workspaces = append(m.Workspaces, next(2).text)
	}
}

// sbtModule reads "group" %% "artifact" % "version" % Test at i.
func sbtModule(m *Manifest, l []token, i int) {
	j := i + 1
	skip := func() bool {
		from := j
		for j < len(l) && l[j].is('%') {
			j++
		}
		return j > from && j < len(l)
	}
	if !skip() || l[j].kind != stringToken {
		return
	}
	d := Dependency{Ecosystem: Maven, Name: l[i].text + ":" + withoutScala(l[j].text), Line: l[i].line}
	if !plainID(l[i].text) || !plainID(l[j].text) {
		return
	}
	for j++; skip(); j++ {
		text := l[j].text
		if l[j].kind == wordToken {
			text, j = chain(l, j)
		}
		switch low := strings.ToLower(text); {
		case strings.Contains(low, "test") && (d.Version != "" || l[j].kind == wordToken):
			d.Scope = Test
		case low == "provided" || low == "runtime" || low == "compile" || low == "optional":
		case d.Version == "" && l[j].kind == stringToken:
			d.Version = text
		case d.Version == "":
			d.Version = "${" + text + "}"
		}
	}
	if i > 1 && l[i-1].is('(') && l[i-2].word("addSbtPlugin") {
		d.Scope = Dev
		m.Plugins = append(m.Plugins, d)
		return
	}
	m.Dependencies = append(m.Dependencies, d)
}

// withoutScala drops the suffix of a Scala version, "_2.13" or "_3".
func withoutScala(artifact string) string {
	i := strings.LastIndexByte(artifact, '_')
	if i > 0 && strings.Trim(artifact[i+1:], "0123456789.") == "" {
		return artifact[:i]
	}
	return artifact
}

// playModules reads the names that Play's plugin gives to its own modules.
func playModules(m *Manifest, l []token) {
	for i, t := range l {
		if t.kind != wordToken || i == 0 || !l[i-1].is('(') && !l[i-1].is(',') && !l[i-1].is('=') {
			continue
		}
		artifact := ""
		switch t.text {
		case "guice":
			artifact = "play-guice"
		case "jdbc":
			artifact = "play-jdbc"
		case "evolutions":
			artifact = "play-jdbc-evolutions"
		case "ws", "javaWs":
			artifact = "play-ahc-ws"
		case "ehcache":
			artifact = "play-ehcache"
		case "caffeine":
			artifact = "play-caffeine-cache"
		case "javaJdbc":
			artifact = "play-java-jdbc"
		case "javaJpa":
			artifact = "play-java-jpa"
		case "filters":
			artifact = "filters-helpers"
		}
		if artifact != "" {
			m.depend("com.typesafe.play:"+artifact, "", Runtime, t.line)
		}
	}
}
