package words

import (
	"path"
	"strings"

	"milepost/rules/lex"
)

// node finds the words of JavaScript and TypeScript.
func (b *bench) node() {
	lock := b.up("pnpm-lock.yaml", "yarn.lock", "bun.lock", "bun.lockb", "package-lock.json", "npm-shrinkwrap.json", "deno.json", "deno.jsonc", "deno.lock")
	if !b.manifest("package.json") {
		if strings.HasPrefix(lock, "deno") {
			b.deno()
			return
		}
		b.tool("", "", "node --test", "npm install", "npm install --save-dev")
		if e := b.entryOfNode(); e != "" && path.Ext(e) != ".ts" {
			b.set("entry", e)
			b.set("run", "node "+e)
			b.set("check", "node --check "+e)
		}
		return
	}
	runner := b.runnerOfNode()
	if runner != "" {
		b.s.Tools = append(b.s.Tools, runner)
		b.set("runner", runner)
	}
	pm := b.packageManager(lock)
	b.set("runtime", "node:24-alpine")
	if pm.name == "bun" {
		b.set("runtime", "oven/bun:1")
	}
	b.set("copy", strings.TrimSpace("package.json "+lock))
	if b.script("postinstall")+b.script("prepare")+b.script("preinstall") != "" || b.m != nil && len(b.m.Workspaces) > 0 || b.has("pnpm-workspace.yaml") {
		b.set("copy", ".") // what an installation runs may need more than the list of packages
	}
	b.scripts(pm, runner)
	if b.here("prisma") && (b.find("schema.prisma") != "") {
		b.set("generate", pm.exec+"prisma generate")
	}
}

// deno finds the words of a project that only Deno's configuration describes.
func (b *bench) deno() {
	name := b.first("deno.json", "deno.jsonc")
	if name != "" {
		b.manifest(name)
	}
	b.tool("deno", "deno install", "deno test", "", "")
	b.set("check", "deno check .")
	for _, t := range []string{"start", "dev"} {
		if b.script(t) != "" {
			b.set("run", "deno task "+t)
			return
		}
	}
}

// manager is how a package manager of npm's world is called.
type manager struct{ name, run, exec string }

// packageManager finds the package manager by its lock file, or by what package.json names.
func (b *bench) packageManager(lock string) manager {
	name, _, _ := strings.Cut(b.field("packageManager"), "@")
	switch {
	case lock == "pnpm-lock.yaml" || lock == "" && name == "pnpm":
		install := "pnpm install"
		if lock != "" {
			install += " --frozen-lockfile"
		}
		b.tool("pnpm", install, "pnpm test", "pnpm add", "pnpm add --save-dev")
		b.set("enable", "corepack enable")
		return manager{"pnpm", "pnpm ", "pnpm exec "}
	case lock == "yarn.lock" || lock == "" && name == "yarn":
		install := "yarn install"
		if lock != "" {
			install += " --frozen-lockfile"
		}
		b.tool("yarn", install, "yarn test", "yarn add", "yarn add --dev")
		b.set("enable", "corepack enable")
		return manager{"yarn", "yarn ", "yarn "}
	case strings.HasPrefix(lock, "bun.lock") || lock == "" && name == "bun":
		b.tool("bun", "bun install", "bun test", "bun add", "bun add --dev")
		return manager{"bun", "bun run ", "bunx "}
	case strings.HasSuffix(lock, "lock.json") || lock == "npm-shrinkwrap.json":
		b.tool("npm", "npm ci", "npm test", "npm install", "npm install --save-dev")
	default:
		b.tool("npm", "npm install", "npm test", "npm install", "npm install --save-dev")
	}
	return manager{"npm", "npm run ", "npx "}
}

// short is the command for a script, in npm's short form where it has one.
func (m manager) short(script string) string {
	if m.name == "npm" && (script == "start" || script == "test") {
		return "npm " + script
	}
	return m.run + script
}

// runnerOfNode is the test runner that is declared, or "".
func (b *bench) runnerOfNode() string {
	for _, r := range []string{"vitest", "jest", "mocha"} {
		if b.here(r) {
			return r
		}
	}
	if b.here("@nestjs/testing", "ts-jest", "react-scripts") {
		return "jest"
	}
	return ""
}

// scripts finds how the program is built, started and checked.
func (b *bench) scripts(pm manager, runner string) {
	typescript := b.here("typescript") && b.has("tsconfig.json")
	tests := b.script("test")
	if strings.Contains(tests, "no test specified") {
		tests = ""
	}
	switch {
	case tests != "":
		b.set("test", pm.short("test"))
	case pm.name == "bun": // finds tests by itself
	case runner != "":
		b.set("test", pm.exec+runner+map[string]string{"vitest": " run"}[runner])
	}
	if b.script("build") != "" {
		b.set("build", pm.run+"build")
	}
	entry := b.entryOfNode()
	b.set("entry", entry)
	b.startOfNode(pm, entry, typescript)
	switch {
	case b.tested() && (tests != "" || runner != "" || pm.name == "bun"):
		b.set("check", b.s.Words["test"])
	case b.script("lint") != "":
		b.set("check", pm.run+"lint")
	case typescript:
		b.set("check", pm.exec+"tsc --noEmit")
	case entry != "" && path.Ext(entry) != ".ts":
		b.set("check", "node --check "+entry)
	}
	for _, s := range []string{"start", "dev", "start:dev", "develop", "serve", "server"} {
		if b.script(s) != "" {
			b.set("run", pm.short(s))
			return
		}
	}
	b.set("run", b.s.Words["start"])
}

// startOfNode finds what starts the server in an image, and what must be built for it.
func (b *bench) startOfNode(pm manager, entry string, typescript bool) {
	start := b.script("start")
	built := strings.Contains(start, "dist") || strings.Contains(start, "build/") || strings.Contains(b.script("start:prod"), "dist")
	switch {
	case start != "" && built && b.script("build") == "":
		if typescript {
			b.set("build", pm.exec+"tsc")
			b.set("start", pm.short("start"))
		}
	case start != "":
		b.set("start", pm.short("start"))
	case entry == "":
	case path.Ext(entry) == ".ts":
		switch {
		case pm.name == "bun":
			b.set("start", "bun "+entry)
		case b.here("tsx"):
			b.set("start", pm.exec+"tsx "+entry)
		}
	case pm.name == "bun":
		b.set("start", "bun "+entry)
	default:
		b.set("start", "node "+entry)
	}
}

// entryOfNode is the file that starts the server, as seen from the main package, or "".
func (b *bench) entryOfNode() string {
	var names []string
	if m := strings.TrimPrefix(b.field("main"), "./"); safe(m) {
		names = append(names, m)
	}
	for _, dir := range []string{"", "src/"} {
		for _, n := range []string{"server", "index", "app", "main"} {
			names = append(names, dir+n+".js", dir+n+".mjs", dir+n+".ts", dir+n+".cjs")
		}
	}
	servers := b.servers()
	for _, n := range names {
		for _, s := range servers {
			if s == n {
				return n
			}
		}
	}
	for _, n := range names {
		if f := b.r.Lookup(b.at(n)); f != nil && f.Own() && (f.Lang() == lex.JavaScript || f.Lang() == lex.TypeScript) && !b.r.Browser(f) {
			return n
		}
	}
	return ""
}
