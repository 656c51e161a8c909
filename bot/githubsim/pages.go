package githubsim

import (
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"path"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"
)

//go:embed pages
var pageFiles embed.FS

var pageTemplates = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("").Funcs(template.FuncMap{
		"short": func(id string) string { return id[:min(7, len(id))] },
		"when":  func(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") },
		"emoji": func(name string) string { return reactionKinds[name] },
		"words": func(s string) string { return strings.ReplaceAll(s, "_", " ") },
	}).ParseFS(pageFiles, "pages/*.html"))
})

// servePage answers everything that is not the REST interface.
func (s *Sim) servePage(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/codeload/") { // its pattern would clash with those of the pages
		s.serveTarball(w, r)
		return
	}
	s.pages.ServeHTTP(w, r)
}

func (s *Sim) pageMux() *http.ServeMux {
	m := http.NewServeMux()
	m.HandleFunc("/login/oauth/authorize", s.authorize)
	m.HandleFunc("POST /login/oauth/access_token", s.accessToken)
	m.HandleFunc("/settings/apps/new", s.newApp)
	m.HandleFunc("/organizations/{org}/settings/apps/new", s.newApp)
	m.HandleFunc("GET /_style.css", func(w http.ResponseWriter, _ *http.Request) {
		raw, _ := pageFiles.ReadFile("pages/style.css") // embedded: always there
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		_, _ = w.Write(raw)
	})
	m.HandleFunc("GET /_avatars/{file}", avatar)
	m.HandleFunc("GET /apps/{slug}/installations/new", s.installPage)
	m.HandleFunc("POST /apps/{slug}/installations/new", s.installPage)
	m.HandleFunc("GET /apps/{slug}", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/apps/"+url.PathEscape(r.PathValue("slug"))+"/installations/new", http.StatusSeeOther)
	})
	m.HandleFunc("GET /{$}", s.homePage)
	m.HandleFunc("GET /{owner}", s.homePage)
	m.HandleFunc("GET /{owner}/{repo}", s.onRepo(s.repoPage))
	m.HandleFunc("GET /{owner}/{repo}/issues", s.onRepo(s.listPage))
	m.HandleFunc("GET /{owner}/{repo}/pulls", s.onRepo(s.listPage))
	m.HandleFunc("GET /{owner}/{repo}/issues/{number}", s.onRepo(s.issuePage))
	m.HandleFunc("GET /{owner}/{repo}/pull/{number}", s.onRepo(s.issuePage))
	m.HandleFunc("GET /{owner}/{repo}/runs/{id}", s.onRepo(s.runPage))
	m.HandleFunc("GET /{owner}/{repo}/commit/{sha}", s.onRepo(s.commitPage))
	m.HandleFunc("GET /{owner}/{repo}/blob/{ref}/{path...}", s.onRepo(s.blobPage))
	m.HandleFunc("GET /{owner}/{repo}/raw/{ref}/{path...}", s.onRepo(s.rawPage))
	m.HandleFunc("GET /{owner}/{repo}/tree/{ref}", s.onRepo(s.repoPage))
	m.HandleFunc("GET /{owner}/{repo}/tree/{ref}/{path...}", s.onRepo(s.repoPage))
	m.HandleFunc("GET /{owner}/{repo}/new/{ref}", s.onRepo(s.newFilePage))
	m.HandleFunc("GET /{owner}/{repo}/new/{ref}/{path...}", s.onRepo(s.newFilePage))
	own := http.NewCrossOriginProtection() // forms of these pages only; that for a new app comes from elsewhere, as at GitHub
	m.Handle("POST /{owner}/{repo}/_press", own.Handler(s.onRepo(s.press)))
	m.Handle("POST /{owner}/{repo}/issues/{number}", own.Handler(s.onRepo(s.act)))
	m.Handle("POST /{owner}/{repo}/pull/{number}", own.Handler(s.onRepo(s.act)))
	return m
}

// page renders a template; the caller holds the lock.
func (s *Sim) page(w http.ResponseWriter, name, title string, data map[string]any) {
	data["Title"], data["Page"] = title, name
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self' https: data:")
	if err := pageTemplates().ExecuteTemplate(w, name+".html", data); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

func (s *Sim) onRepo(f func(http.ResponseWriter, *http.Request, *Repo)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		full := strings.ToLower(r.PathValue("owner") + "/" + r.PathValue("repo"))
		repo := s.byName[full]
		if repo == nil {
			if moved := s.repos[s.redirects[full]]; moved != nil {
				http.Redirect(w, r, "/"+moved.fullName()+strings.TrimPrefix(r.URL.Path, "/"+r.PathValue("owner")+"/"+r.PathValue("repo")), http.StatusMovedPermanently)
				return
			}
			http.NotFound(w, r)
			return
		}
		f(w, r, repo)
	}
}

// avatar draws a coloured square from an account's id.
func avatar(w http.ResponseWriter, r *http.Request) {
	id, _ := strconv.Atoi(strings.TrimSuffix(r.PathValue("file"), ".svg"))
	w.Header().Set("Content-Type", "image/svg+xml")
	w.Header().Set("Cache-Control", "max-age=86400")
	fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40"><rect width="40" height="40" fill="hsl(%d 45%% 55%%)"/>`, id*77%360)
	for i := range 9 {
		if (id*2654435761>>i)&1 == 1 {
			fmt.Fprintf(w, `<rect x="%d" y="%d" width="10" height="10" fill="#fff" fill-opacity=".75"/>`, 5+i%3*10, 5+i/3*10)
		}
	}
	_, _ = w.Write([]byte(`</svg>`))
}

// homePage lists all repositories, or those of one owner.
func (s *Sim) homePage(w http.ResponseWriter, q *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	owner := q.PathValue("owner")
	list := make([]*Repo, 0, len(s.repos))
	for _, r := range s.repos {
		if owner == "" || strings.EqualFold(r.owner.login, owner) {
			list = append(list, r)
		}
	}
	if owner != "" && len(list) == 0 {
		http.NotFound(w, q)
		return
	}
	sort.Slice(list, func(i, j int) bool { return list[i].id < list[j].id })
	var rows []map[string]any
	for _, r := range list {
		rows = append(rows, map[string]any{"Name": r.fullName(), "Description": r.description, "Private": r.private, "Language": r.mainLanguage()})
	}
	s.page(w, "home", "Repositories", map[string]any{"Repos": rows})
}

func (r *Repo) header(tab string) map[string]any {
	issues, pulls := 0, 0
	for _, i := range r.issues {
		if i.open && i.pull == nil {
			issues++
		} else if i.open {
			pulls++
		}
	}
	return map[string]any{"Repo": r.fullName(), "Private": r.private, "Archived": r.archived, "Tab": tab, "Issues": issues, "Pulls": pulls}
}

func (s *Sim) repoPage(w http.ResponseWriter, q *http.Request, r *Repo) {
	data := r.header("code")
	data["Description"], data["Homepage"], data["Branch"] = r.description, r.homepage, r.defaultBranch
	if ref := q.PathValue("ref"); ref != "" {
		data["Branch"] = ref
	}
	k := r.store.commit(r.resolve(q.PathValue("ref")))
	if k == nil {
		s.page(w, "repo", r.fullName(), data)
		return
	}
	dir := strings.Trim(q.PathValue("path"), "/")
	e, found := r.entryAt(k.tree, dir)
	if !found || e.mode != modeTree {
		http.NotFound(w, q)
		return
	}
	list, _ := r.store.tree(e.id)
	sort.SliceStable(list, func(i, j int) bool { return list[i].mode == modeTree && list[j].mode != modeTree })
	var files []map[string]any
	for _, f := range list {
		files = append(files, map[string]any{"Name": f.path, "Path": path.Join(dir, f.path), "Dir": f.mode == modeTree})
	}
	subject, _, _ := strings.Cut(k.message, "\n")
	data["Files"], data["Dir"], data["SHA"], data["Subject"], data["Author"], data["When"] = files, dir, k.id, subject, k.author.Name, k.author.When
	data["Commits"] = len(r.store.history(k.id, maxHistory, nil))
	if readme, found := r.readmeOf(k.tree); found && dir == "" {
		raw, _ := r.store.blob(readme.id)
		data["Readme"], data["ReadmeName"] = s.markdown(string(raw), r), readme.path
	}
	s.page(w, "repo", r.fullName(), data)
}

func (s *Sim) listPage(w http.ResponseWriter, q *http.Request, r *Repo) {
	pulls := strings.HasSuffix(q.URL.Path, "/pulls")
	tab, title := "issues", "Issues"
	if pulls {
		tab, title = "pulls", "Pull requests"
	}
	data := r.header(tab)
	var rows []map[string]any
	for _, i := range newestFirst(r.sortedIssues()) {
		if (i.pull != nil) == pulls {
			rows = append(rows, map[string]any{"Number": i.number, "Title": i.title, "Open": i.open, "Author": i.author.login, "When": i.created,
				"Labels": labelChips(i), "Merged": i.pull != nil && i.pull.merged, "Pull": pulls})
		}
	}
	data["Rows"] = rows
	s.page(w, "list", title+" · "+r.fullName(), data)
}

func labelChips(i *issue) []map[string]any {
	var out []map[string]any
	for _, l := range i.labels {
		out = append(out, map[string]any{"Name": l.name})
	}
	return out
}

// post is one box of a conversation.
type post struct {
	Author    string
	AuthorID  int64
	Bot       bool
	When      time.Time
	Edited    bool
	Body      template.HTML
	Reactions []reactionCount
	Anchor    string
	Event     string // a line of the timeline instead of a box
}

type reactionCount struct {
	Emoji string
	Count int
}

func countReactions(list []*reaction) []reactionCount {
	var out []reactionCount
	for _, name := range []string{"+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes"} {
		n := 0
		for _, x := range list {
			if x.content == name {
				n++
			}
		}
		if n > 0 {
			out = append(out, reactionCount{reactionKinds[name], n})
		}
	}
	return out
}

func botName(a *Account) (string, bool) {
	name, bot := strings.CutSuffix(a.login, "[bot]")
	return name, bot
}

func (s *Sim) issuePage(w http.ResponseWriter, q *http.Request, r *Repo) {
	n, _ := strconv.Atoi(q.PathValue("number"))
	i := r.issues[n]
	if i == nil || (i.pull == nil && !r.issuesOn) {
		http.NotFound(w, q)
		return
	}
	data := r.header(map[bool]string{true: "pulls", false: "issues"}[i.pull != nil])
	author, bot := botName(i.author)
	posts := []post{{Author: author, AuthorID: i.author.id, Bot: bot, When: i.created, Edited: i.edits > 0, Body: s.markdown(i.body, r), Reactions: countReactions(i.reactions)}}
	for _, c := range i.comments {
		name, isBot := botName(c.author)
		posts = append(posts, post{Author: name, AuthorID: c.author.id, Bot: isBot, When: c.created, Edited: c.updated.After(c.created), Body: s.markdown(c.body, r),
			Reactions: countReactions(c.reactions), Anchor: fmt.Sprintf("issuecomment-%d", c.id)})
	}
	data["Number"], data["Heading"], data["Open"], data["Author"], data["When"] = n, i.title, i.open, author, i.created
	data["People"], data["Soon"] = s.people(r), q.FormValue("answer") == "soon"
	if i.open {
		data["Boxes"] = boxes(i.body)
	}
	data["Posts"], data["Labels"], data["Locked"], data["Comments"] = posts, labelChips(i), i.locked, len(i.comments)
	if p := i.pull; p != nil {
		var commits []map[string]any
		for _, k := range r.store.between(p.baseSHA, p.headSHA) {
			subject, _, _ := strings.Cut(k.message, "\n")
			commits = append(commits, map[string]any{"SHA": k.id, "Subject": subject, "Author": k.author.Name})
		}
		data["Pull"], data["Merged"], data["Draft"], data["Base"], data["Head"], data["Commits"] = true, p.merged, p.draft, p.baseRef, p.headRef, commits
		if p.head != r {
			data["Head"] = p.head.owner.login + ":" + p.headRef
		}
		var runs []map[string]any
		for _, k := range r.runs {
			if k.suite.sha == p.headSHA {
				runs = append(runs, s.runView(r, k))
			}
		}
		data["Runs"] = runs
	}
	s.page(w, "issue", fmt.Sprintf("%s #%d · %s", i.title, n, r.fullName()), data)
}

// runView is a check run for the pages.
func (s *Sim) runView(r *Repo, k *checkRun) map[string]any {
	var notes []map[string]any
	for _, a := range k.annotations {
		notes = append(notes, map[string]any{"Path": a["path"], "From": a["start_line"], "To": a["end_line"], "Level": a["annotation_level"], "Title": a["title"], "Message": a["message"]})
	}
	state := k.conclusion
	if state == "" {
		state = k.status
	}
	return map[string]any{"ID": k.id, "Name": k.name, "App": k.app.name, "State": state, "Title": k.title, "Summary": s.markdown(k.summary, r), "Text": s.markdown(k.text, r),
		"HasText": k.text != "", "Annotations": notes, "Actions": k.actions, "SHA": k.suite.sha, "Started": k.started, "Repo": r.fullName()}
}

func (s *Sim) runPage(w http.ResponseWriter, q *http.Request, r *Repo) {
	id, _ := strconv.ParseInt(q.PathValue("id"), 10, 64)
	k := r.findRun(id)
	if k == nil {
		http.NotFound(w, q)
		return
	}
	data := r.header("pulls")
	data["Run"] = s.runView(r, k)
	s.page(w, "run", k.name+" · "+r.fullName(), data)
}

// press is what the buttons of a check run do.
func (s *Sim) press(w http.ResponseWriter, q *http.Request, r *Repo) {
	id, _ := strconv.ParseInt(q.FormValue("run"), 10, 64)
	if r.findRun(id) == nil {
		http.NotFound(w, q)
		return
	}
	if action := q.FormValue("action"); action != "" {
		s.onRun(r, id, "requested_action", r.owner.anOwner(), object{"requested_action": object{"identifier": action}})
	} else {
		s.onRun(r, id, "rerequested", r.owner.anOwner(), nil)
	}
	http.Redirect(w, q, "/"+r.fullName()+"/runs/"+strconv.FormatInt(id, 10), http.StatusSeeOther)
}

type codeLine struct {
	Number int
	Text   string
	Kind   string
}

func (s *Sim) blobPage(w http.ResponseWriter, q *http.Request, r *Repo) {
	raw, ref, found := r.fileAt(q)
	if !found {
		http.NotFound(w, q)
		return
	}
	data := r.header("code")
	var lines []codeLine
	if !isBinary(raw) {
		for n, l := range splitLines(raw) {
			lines = append(lines, codeLine{Number: n + 1, Text: l})
		}
	}
	data["Path"], data["Ref"], data["Lines"], data["Size"], data["Binary"] = q.PathValue("path"), ref, lines, len(raw), isBinary(raw)
	s.page(w, "blob", q.PathValue("path")+" · "+r.fullName(), data)
}

func (r *Repo) fileAt(q *http.Request) (data []byte, ref string, found bool) {
	k := r.store.commit(r.resolve(q.PathValue("ref")))
	if k == nil {
		return nil, "", false
	}
	e, found := r.store.files(k.tree)[q.PathValue("path")]
	if !found {
		return nil, "", false
	}
	data, found = r.store.blob(e.id)
	return data, q.PathValue("ref"), found
}

func (s *Sim) rawPage(w http.ResponseWriter, q *http.Request, r *Repo) {
	raw, _, found := r.fileAt(q)
	if !found {
		http.NotFound(w, q)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(raw)
}

func (s *Sim) commitPage(w http.ResponseWriter, q *http.Request, r *Repo) {
	k := r.store.commit(r.resolve(q.PathValue("sha")))
	if k == nil {
		http.NotFound(w, q)
		return
	}
	data := r.header("code")
	var files []map[string]any
	for n, f := range r.store.diffTrees(r.parentTree(k), k.tree) {
		if n == 200 {
			break
		}
		from, _ := r.store.blob(f.old.id)
		to, _ := r.store.blob(f.new.id)
		text, added, removed := patch(from, to)
		var lines []codeLine
		for _, l := range strings.Split(text, "\n") {
			kind := map[string]string{"+": "add", "-": "del", "@": "hunk"}[l[:min(1, len(l))]]
			lines = append(lines, codeLine{Text: l, Kind: kind})
		}
		files = append(files, map[string]any{"Path": f.path, "Previous": f.previous, "Status": f.status, "Added": added, "Removed": removed, "Lines": lines})
	}
	subject, rest, _ := strings.Cut(k.message, "\n")
	data["SHA"], data["Subject"], data["Message"], data["Author"], data["When"], data["Files"] = k.id, subject, strings.TrimSpace(rest), k.author.Name, k.author.When, files
	s.page(w, "commit", subject+" · "+r.fullName(), data)
}

// newFilePage shows what a prefilled "create this file" link would put into the editor.
func (s *Sim) newFilePage(w http.ResponseWriter, q *http.Request, r *Repo) {
	data := r.header("code")
	data["Branch"], data["Name"], data["Value"] = q.PathValue("ref"), path.Join(q.PathValue("path"), q.FormValue("filename")), q.FormValue("value")
	s.page(w, "newfile", "New file · "+r.fullName(), data)
}

// installPage lets a person put an app on an account; state is handed on to the app's own page.
func (s *Sim) installPage(w http.ResponseWriter, q *http.Request) {
	app := s.FindApp(q.PathValue("slug"))
	if app == nil {
		http.NotFound(w, q)
		return
	}
	if q.Method == http.MethodPost {
		s.mu.Lock()
		account := s.accounts[strings.ToLower(q.FormValue("account"))]
		s.mu.Unlock()
		if account == nil || account.kind == kindBot {
			http.Error(w, "No such account.", http.StatusUnprocessableEntity)
			return
		}
		inst := s.Install(app, account)
		to := "/"
		if u, err := url.Parse(app.setupURL); err == nil && u.Host != "" { // as GitHub names the installation to the app's own page
			query := u.Query()
			query.Set("installation_id", strconv.FormatInt(inst.ID, 10))
			query.Set("setup_action", "install")
			u.RawQuery = query.Encode()
			to = u.String()
		}
		http.Redirect(w, q, to, http.StatusFound)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var accounts []string
	for _, k := range sortedKeys(s.accounts) {
		if s.accounts[k].kind != kindBot {
			accounts = append(accounts, s.accounts[k].login)
		}
	}
	s.page(w, "install", "Install "+app.name, map[string]any{"App": app.name, "Accounts": accounts, "Permissions": app.permissions})
}
