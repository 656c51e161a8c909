package facts

import (
	"slices"
	"strings"
)

// readmeTopics are what a README may tell its reader how to do, with the words of headings that announce it. The words are parts of
// lower-case headings in the languages learners write in.
var readmeTopics = []struct {
	topic string
	words []string
}{
	{"install", []string{
		"install", "setup", "set up", "set-up", "getting started", "get started", "quick start", "quickstart", "how to run", "run ", "running", "how to start", "start the", "starting",
		"local development", "development", "build", "run locally", "launch", "docker", "to run",
		"instala", "instalação", "como rodar", "como executar", "executando", "rodando", "ejecuta", "primeiros passos", "primeros pasos", "comenzando", "configurando", "lancer", "démarrage", "installer",
		"starten", "einrichten", "inbetriebnahme", "установк", "запуск", "как запустить", "сборка", "встановлення", "kurulum", "çalıştır", "uruchom", "instalacj", "avvio", "cài đặt", "chạy", "menjalankan", "cara install",
		"安装", "运行", "启动", "快速开始", "部署", "インストール", "起動", "セットアップ", "実行", "설치", "실행", "시작",
	}},
	{"usage", []string{"usage", "how to use", "how it works", "example", "commands", "uso", "como usar", "cómo usar", "utilis", "verwendung", "benutzung", "использован", "kullanım", "użycie", "sử dụng", "penggunaan", "使用", "使い方", "사용"}},
	{"endpoints", []string{"endpoint", "routes", "rotas", "rutas", "api reference", "api documentation", "api docs", "rest api", "api overview", "api usage", "available routes", "эндпоинт", "接口", "엔드포인트", "エンドポイント"}},
	{"configuration", []string{"configur", "environment", "env var", "variables", "settings", ".env", "variáveis", "entorno", "konfigur", "настройк", "配置", "环境", "環境", "설정", "환경"}},
}

// proceduralWords are headings under which no sentence describes the project, besides those of topics.
var proceduralWords = []string{
	"license", "licence", "licença", "licencia", "lizenz", "contribut", "contribuir", "author", "autor", "contact", "credit", "acknowledg", "table of contents", "contents", "tests", "testing", "badge", "support", "faq",
	"troubleshoot", "changelog", "roadmap", "todo", "to do", "folder structure", "project structure", "directory", "requirements", "tech stack", "built with", "built using", "made with", "powered by", "tools used", "technolog", "tecnolog", "dependenc", "resources", "references", "links",
	"лиценз", "автор", "технолог", "许可", "ライセンス",
}

// procedural tells a heading under which steps, not a description, stand. A heading that also announces what the project is does not count as one.
func procedural(heading string) bool {
	h := strings.ToLower(heading)
	for _, w := range []string{"about", "overview", "description", "introduction", "what is", "sobre", "descri", "présentation"} {
		if strings.Contains(h, w) {
			return false
		}
	}
	if countWords(h) > 5 { // a title that speaks of what it uses
		return false
	}
	for _, w := range proceduralWords {
		if strings.Contains(h, w) {
			return true
		}
	}
	switch topicOf(h) {
	case "":
		return false
	case "endpoints": // "REST API" may be the title of a description
		return containsAny(h, "endpoint", "routes", "rotas", "rutas") && countWords(h) <= 3
	}
	return true
}

// describingWords are parts of the headings under which list items say what the project does.
var describingWords = []string{
	"feature", "function", "about", "overview", "what ", "descri", "introduc", "goal", "purpose", "objective", "highlight", "capabilit", "project", "app", "api", "service", "system", "use case", "module", "requirement",
	"caracter", "funcion", "fonction", "recurso", "projeto", "proyecto", "sobre", "objetiv", "funktion", "возможност", "функци", "описани", "проект", "özellik", "기능", "특징", "소개", "개요", "프로젝트", "機能", "特徴", "概要", "功能", "特性", "简介", "介绍", "项目",
}

// describes tells a heading whose list items may describe the project: the title, or one that announces as much.
func describes(heading string) bool {
	h := strings.ToLower(heading)
	if h == "" {
		return true
	}
	for _, w := range describingWords {
		if strings.Contains(h, w) {
			return true
		}
	}
	return false
}

// topicOf is the topic that a lower-case heading announces, or "".
func topicOf(heading string) string {
	heading += " "
	for _, t := range readmeTopics {
		for _, w := range t.words {
			if i := strings.Index(heading, w); i >= 0 && (i == 0 || !identifier(heading[i-1]) || w[0] >= 0x80) {
				return t.topic
			}
		}
	}
	return ""
}

// instruction tells a sentence that says what to do, not what there is.
func instruction(t string) bool {
	first, _, _ := strings.Cut(strings.ToLower(strings.TrimLeft(t, "0123456789.)*#-> ")), " ")
	switch strings.Trim(first, ",:;.") {
	case "run", "install", "clone", "open", "start", "navigate", "download", "copy", "execute", "click", "note", "see", "make", "then", "first", "next", "please", "todo", "ensure", "press", "checkout", "go", "type", "fork",
		"author", "by", "license", "contributions", "visit":
		return true
	}
	low := strings.ToLower(t)
	if strings.HasPrefix(low, "for ") && (strings.Contains(low, " see ") || strings.Contains(low, " refer to ") || strings.Contains(low, " check ")) {
		return true // where to read on
	}
	if strings.HasPrefix(low, "links to ") || strings.HasPrefix(low, "link to ") || shellLine(t) {
		return true
	}
	return strings.HasSuffix(t, ":") || strings.HasPrefix(low, "you can run ") || strings.HasPrefix(low, "you can start ") || strings.HasPrefix(low, "you can install ") || strings.HasPrefix(low, "to run ") || strings.HasPrefix(low, "to install ") || strings.HasPrefix(low, "to start ")
}

// commandWords start the commands by which projects are installed or run.
var commandWords = []string{
	"npm install", "npm i", "npm ci", "npm start", "npm run", "yarn", "pnpm", "bun ", "npx ", "node ", "nodemon", "pip install", "pip3 install", "python ", "python3 ", "uv ", "poetry ", "pipenv ", "flask ", "uvicorn ", "gunicorn ",
	"docker ", "docker-compose", "docker compose", "go run", "go build", "go install", "make", "mvn", "./mvnw", "gradle", "./gradlew", "gradlew", "java -jar", "dotnet ", "bundle", "rails ", "rake ", "bin/rails", "bin/setup", "rackup", "ruby ",
	"composer ", "php ", "./vendor/bin/sail", "sail ", "cargo ", "mix ", "iex ", "sbt ", "git clone", "./run", "bash ", "sh ", "task ", "just ", "kubectl ", "terraform ", "helm ", "alembic ", "django-admin", "streamlit ", "fastapi ", "virtualenv ", "celery ",
}

// command reports whether a line of code installs or runs something.
func command(line string) bool {
	line = strings.TrimSpace(line)
	line = strings.TrimLeft(line, "$>#% ")
	line = strings.TrimPrefix(line, "sudo ")
	for _, w := range commandWords {
		if !strings.HasPrefix(line, w) {
			continue
		}
		end := line[len(w):]
		if end == "" || w[len(w)-1] == ' ' || !identifier(end[0]) {
			return true
		}
	}
	return false
}

// shellLine reports whether a paragraph is a command that no code block holds: it begins as one and has an option, or little but what is to be run.
func shellLine(t string) bool {
	words := strings.Fields(strings.TrimLeft(t, "$>#% "))
	if len(words) < 2 || strings.HasSuffix(t, ".") || !command(t) {
		return false
	}
	for _, w := range words[1:] {
		if len(w) > 1 && w[0] == '-' {
			return true
		}
	}
	switch words[1] {
	case "compose", "install", "run", "start", "up", "ci", "build", "dev", "test", "clone":
		return len(words) <= 5
	}
	return len(words) <= 5 && strings.ContainsAny(words[1], "./:")
}

// configures reports whether a step says which settings to make: "Add the connection string to appsettings.json".
func configures(t string) bool {
	first, rest, _ := strings.Cut(strings.ToLower(strings.TrimLeft(t, "0123456789.)*- ")), " ")
	switch first {
	case "add", "set", "configure", "create", "copy", "edit", "fill", "rename", "provide", "define", "put", "specify", "update", "change":
		return containsAny(rest, "configuration", "environment variable", "env file", "connection string", "appsettings", "settings file", ".env")
	}
	return false
}

// endpoint reports whether a line names an HTTP method and a path.
func endpoint(line string) bool {
	for _, m := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
		for rest := line; ; {
			i := strings.Index(rest, m)
			if i < 0 {
				break
			}
			before := i == 0 || !identifier(rest[i-1])
			rest = rest[i+len(m):]
			path := strings.TrimLeft(rest, " \t`|*:\n-")
			if before && (strings.HasPrefix(path, "/") || strings.HasPrefix(path, "http")) && path != rest {
				return true
			}
		}
	}
	return false
}

// topics emits each topic once, where it is first announced or done. The sections and code of a generator's own text do not count.
func (r *readmeReader) topics(s *Source, own []bool, template bool) {
	seen := map[string]bool{}
	emit := func(topic string, line int) {
		if topic != "" && !seen[topic] {
			seen[topic] = true
			s.Emit(Fact{Kind: KindReadme, Name: "topic", Value: topic, Line: line})
		}
	}
	for i, b := range r.blocks {
		if !own[i] {
			continue
		}
		if b.heading && r.filled(i) && !r.title(i) {
			emit(topicOf(strings.ToLower(b.text)), b.line)
		}
		if !b.heading && !b.item && strings.HasSuffix(b.text, ":") && countWords(b.text) <= 5 { // "Starting the application:" stands in for a heading
			emit(topicOf(strings.ToLower(b.text)), b.line)
		}
		if endpoint(b.text) || endpoint(b.code) || b.code != "" && endpoint(b.text+" "+b.code) {
			emit("endpoints", b.line)
		}
		if b.step() || !b.heading && shellLine(b.text) {
			emit("install", b.line)
		}
		if !b.heading && configures(b.text+" "+b.code) && (b.section < 0 || !strings.Contains(strings.ToLower(r.blocks[b.section].text), "feature")) {
			emit("configuration", b.line)
		}
		if _, rest, ok := strings.Cut(strings.ToLower(b.text), "run "); ok && !b.heading && command(strings.TrimLeft(rest, "\"'“‘:* ")) {
			emit("install", b.line)
		}
	}
	for _, c := range r.codes {
		if template && c.section >= 0 && !own[c.section] {
			continue
		}
		for line := range strings.SplitSeq(c.code, "\n") {
			switch {
			case command(line):
				emit("install", c.line)
			case endpoint(line), strings.HasPrefix(strings.TrimLeft(line, "$ "), "curl "):
				emit("endpoints", c.line)
			}
		}
	}
}

// title reports whether the heading at i is the document's title: the first one, unless it plainly announces a topic.
func (r *readmeReader) title(i int) bool {
	for j := range i {
		if r.blocks[j].heading {
			return false
		}
	}
	if r.blocks[i].level == 1 {
		titles := 0
		for _, b := range r.blocks {
			if b.level == 1 {
				titles++
			}
		}
		if titles == 1 {
			return true
		}
	}
	low := strings.ToLower(r.blocks[i].text)
	if r.blocks[i].level > 1 && slices.Contains(proceduralWords, low) {
		return false
	}
	topic := topicOf(low)
	return topic == "" || topic == "endpoints" || countWords(low) > 2
}

// filled reports whether anything stands under the heading at i or its sub-headings: text, code or a link. What has to be there before one
// begins says nothing of how to go on.
func (r *readmeReader) filled(i int) bool {
	skip := false
	for j := i + 1; j < len(r.blocks); j++ {
		b := r.blocks[j]
		if b.heading {
			if b.level <= r.blocks[i].level {
				break
			}
			low := strings.ToLower(b.text)
			skip = strings.Contains(low, "requisit") || strings.Contains(low, "requirement")
			continue
		}
		if !skip && (b.text != "" || b.code != "") {
			return true
		}
	}
	for _, c := range r.codes {
		if c.section == i && strings.TrimSpace(c.code) != "" {
			return true
		}
	}
	return false
}
