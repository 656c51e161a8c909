package githubsim

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"
)

// resolve turns what a caller may write for a commit (id, short id, branch, tag,
// full ref, HEAD) into a commit id, or "".
func (r *Repo) resolve(ref string) string {
	if ref == "" || ref == "HEAD" {
		return r.head("")
	}
	ref = strings.TrimPrefix(ref, "refs/")
	for _, try := range []string{"refs/heads/" + ref, "refs/tags/" + ref, "refs/" + ref} {
		if id := r.refs[try]; id != "" {
			if k := r.store.commit(id); k != nil {
				return k.id
			}
		}
	}
	if len(ref) == 40 && isHex(ref) {
		if k := r.store.commit(ref); k != nil {
			return k.id
		}
		return ""
	}
	if len(ref) >= 7 && isHex(ref) {
		for _, head := range r.refs {
			for _, k := range r.store.history(head, 1000, nil) {
				if strings.HasPrefix(k.id, ref) {
					return k.id
				}
			}
		}
	}
	return ""
}

func isHex(s string) bool {
	return strings.Trim(s, "0123456789abcdef") == ""
}

func emptyRepo() answer { return fail(http.StatusConflict, "Git Repository is empty.") }

func noCommit(ref string) answer {
	return fail(http.StatusUnprocessableEntity, "No commit found for SHA: "+ref)
}

func getTree(c *call) answer {
	r := c.repo
	if len(r.refs) == 0 {
		return emptyRepo()
	}
	id := c.vars["tree_sha"]
	if k := r.store.commit(r.resolve(id)); k != nil {
		id = k.tree
	}
	recursive := c.query.Has("recursive")
	list, found := r.store.tree(id)
	if found && recursive {
		list, found = r.store.flat(id)
	}
	if !found {
		return notFound()
	}
	cut := len(list) > c.s.opt.TreeLimit
	if cut {
		list = list[:c.s.opt.TreeLimit]
	}
	entries := make([]object, 0, len(list))
	for _, e := range list {
		mode := e.mode
		if mode == modeTree {
			mode = "040000"
		}
		o := object{"path": e.path, "mode": mode, "type": e.kind(), "sha": e.id}
		switch e.kind() {
		case objBlob:
			o["size"], o["url"] = r.store.size(e.id), r.api()+"/git/blobs/"+e.id
		case objTree:
			o["url"] = r.api() + "/git/trees/" + e.id
		}
		entries = append(entries, o)
	}
	return ok(object{"sha": id, "url": r.api() + "/git/trees/" + id, "tree": entries, "truncated": cut})
}

func getBlob(c *call) answer {
	id := c.vars["file_sha"]
	data, found := c.repo.store.blob(id)
	if !found {
		return notFound()
	}
	if len(data) > 100<<20 {
		return fail(http.StatusForbidden, "This API returns blobs up to 100 MB in size.")
	}
	if strings.Contains(c.r.Header.Get("Accept"), "raw") {
		a := answer{status: http.StatusOK, raw: append([]byte{}, data...)}
		a.set("Content-Type", "application/vnd.github.raw+json; charset=utf-8")
		return a
	}
	return ok(object{"sha": id, "node_id": nodeID("Blob", c.repo.id), "size": len(data), "url": c.repo.api() + "/git/blobs/" + id,
		"content": base64Lines(data), "encoding": "base64"})
}

// base64Lines is base64 in lines of 60, as GitHub sends it.
func base64Lines(data []byte) string {
	raw := base64.StdEncoding.EncodeToString(data)
	var b strings.Builder
	for len(raw) > 60 {
		b.WriteString(raw[:60] + "\n")
		raw = raw[60:]
	}
	if raw != "" {
		b.WriteString(raw + "\n")
	}
	return b.String()
}

func personJSON(i Identity) object {
	return object{"name": i.Name, "email": i.Email, "date": stamp(i.When)}
}

func unsigned() object {
	return object{"verified": false, "reason": "unsigned", "signature": nil, "payload": nil, "verified_at": nil}
}

func parentsJSON(r *Repo, k *commitObject, kind string) []object {
	return renderAll(k.parents, func(p string) object {
		return object{"sha": p, "url": r.api() + kind + p, "html_url": r.html() + "/commit/" + p}
	})
}

func (s *Sim) commitJSON(r *Repo, k *commitObject) object {
	o := object{"sha": k.id, "node_id": nodeID("Commit", r.id), "url": r.api() + "/commits/" + k.id, "html_url": r.html() + "/commit/" + k.id,
		"comments_url": r.api() + "/commits/" + k.id + "/comments",
		"commit": object{"author": personJSON(k.author), "committer": personJSON(k.committer), "message": k.message,
			"tree": object{"sha": k.tree, "url": r.api() + "/git/trees/" + k.tree}, "url": r.api() + "/git/commits/" + k.id,
			"comment_count": 0, "verification": unsigned()},
		"author": s.userJSON(s.byEmail(k.author.Email)), "committer": s.userJSON(s.byEmail(k.committer.Email)),
		"parents": parentsJSON(r, k, "/commits/")}
	return o
}

func (r *Repo) fileJSON(f fileChange, commit string) object {
	from, _ := r.store.blob(f.old.id)
	to, _ := r.store.blob(f.new.id)
	text, added, removed := patch(from, to)
	id := f.new.id
	if f.status == "removed" {
		id = f.old.id
	}
	esc := (&url.URL{Path: f.path}).EscapedPath()
	o := object{"sha": id, "filename": f.path, "status": f.status, "additions": added, "deletions": removed, "changes": added + removed,
		"blob_url": r.html() + "/blob/" + commit + "/" + esc, "raw_url": r.html() + "/raw/" + commit + "/" + esc,
		"contents_url": r.api() + "/contents/" + esc + "?ref=" + commit}
	if text != "" {
		o["patch"] = text
	}
	if f.previous != "" {
		o["previous_filename"] = f.previous
	}
	return o
}

func sumFiles(files []object) (added, removed int) {
	for _, f := range files {
		added += f["additions"].(int)
		removed += f["deletions"].(int)
	}
	return added, removed
}

func getCommit(c *call) answer {
	r := c.repo
	if len(r.refs) == 0 {
		return emptyRepo()
	}
	id := r.resolve(c.vars["ref"])
	if id == "" {
		return noCommit(c.vars["ref"])
	}
	if strings.Contains(c.r.Header.Get("Accept"), "github.sha") || strings.Contains(c.r.Header.Get("Accept"), "v3.sha") {
		a := answer{status: http.StatusOK, raw: []byte(id)}
		a.set("Content-Type", "application/vnd.github.sha; charset=utf-8")
		return a
	}
	k := r.store.commit(id)
	o := c.s.commitJSON(r, k)
	var files []object
	for _, f := range r.store.diffTrees(r.parentTree(k), k.tree) {
		files = append(files, r.fileJSON(f, id))
	}
	added, removed := sumFiles(files)
	part, h := page(c, files)
	o["files"] = append([]object{}, part...)
	o["stats"] = object{"additions": added, "deletions": removed, "total": added + removed}
	return answer{status: http.StatusOK, header: h, body: o}
}

func getGitCommit(c *call) answer {
	if len(c.repo.refs) == 0 {
		return emptyRepo()
	}
	k := c.repo.store.commit(c.vars["commit_sha"])
	if k == nil {
		return notFound()
	}
	return ok(object{"sha": k.id, "node_id": nodeID("Commit", c.repo.id), "url": c.repo.api() + "/git/commits/" + k.id,
		"html_url": c.repo.html() + "/commit/" + k.id, "author": personJSON(k.author), "committer": personJSON(k.committer),
		"tree":    object{"sha": k.tree, "url": c.repo.api() + "/git/trees/" + k.tree},
		"message": k.message, "parents": parentsJSON(c.repo, k, "/git/commits/"), "verification": unsigned()})
}

func getRef(c *call) answer {
	if len(c.repo.refs) == 0 {
		return emptyRepo()
	}
	ref := "refs/" + c.vars["ref"]
	id := c.repo.refs[ref]
	if id == "" {
		return notFound()
	}
	return ok(object{"ref": ref, "node_id": nodeID("Ref", c.repo.id), "url": c.repo.api() + "/git/" + ref,
		"object": object{"type": "commit", "sha": id, "url": c.repo.api() + "/git/commits/" + id}})
}

func listCommits(c *call) answer {
	r := c.repo
	if len(r.refs) == 0 {
		return emptyRepo()
	}
	head := r.resolve(c.query.Get("sha"))
	if head == "" {
		return notFound()
	}
	var list []*commitObject
	author, at := c.query.Get("author"), c.query.Get("path")
	since, _ := time.Parse(time.RFC3339, c.query.Get("since"))
	until, _ := time.Parse(time.RFC3339, c.query.Get("until"))
	for _, k := range r.store.history(head, maxHistory, nil) {
		if author != "" {
			u := c.s.byEmail(k.author.Email)
			if !strings.EqualFold(k.author.Email, author) && (u == nil || !strings.EqualFold(u.login, author)) {
				continue
			}
		}
		if (!since.IsZero() && k.committer.When.Before(since)) || (!until.IsZero() && k.committer.When.After(until)) {
			continue
		}
		if at != "" && !r.touches(k, at) {
			continue
		}
		list = append(list, k)
	}
	return listed(c, list, func(k *commitObject) object { return c.s.commitJSON(r, k) })
}

func (r *Repo) touches(k *commitObject, at string) bool {
	for _, f := range r.store.diffTrees(r.parentTree(k), k.tree) {
		for _, p := range []string{f.path, f.previous} {
			if p == at || strings.HasPrefix(p, strings.TrimSuffix(at, "/")+"/") {
				return true
			}
		}
	}
	return false
}

// compareSides finds both commits of base...head; owner:branch names a fork.
func (r *Repo) compareSides(basehead string) (base, head string) {
	left, right, found := strings.Cut(basehead, "...")
	if !found {
		return "", ""
	}
	side := func(name string) string {
		if owner, branch, other := strings.Cut(name, ":"); other {
			for _, f := range r.s.repos {
				if f.store == r.store && strings.EqualFold(f.owner.login, owner) {
					return f.resolve(branch)
				}
			}
			return ""
		}
		return r.resolve(name)
	}
	return side(left), side(right)
}

func compare(c *call) answer {
	r := c.repo
	base, head := r.compareSides(c.vars["basehead"])
	if base == "" || head == "" {
		return notFound()
	}
	merge := r.store.mergeBase(base, head)
	if merge == "" {
		return fail(http.StatusNotFound, "No common ancestor between "+c.vars["basehead"]+".")
	}
	ahead, behind := r.store.between(base, head), r.store.between(head, base)
	status := "diverged"
	switch {
	case len(ahead) == 0 && len(behind) == 0:
		status = "identical"
	case len(behind) == 0:
		status = "ahead"
	case len(ahead) == 0:
		status = "behind"
	}
	files := []object{}
	for _, f := range r.store.diffTrees(r.store.commit(merge).tree, r.store.commit(head).tree) {
		if len(files) == 300 { // GitHub's bound
			break
		}
		files = append(files, r.fileJSON(f, head))
	}
	part, h := page(c, ahead)
	web := r.html() + "/compare/" + base + "..." + head
	return answer{status: http.StatusOK, header: h, body: object{"url": r.api() + "/compare/" + c.vars["basehead"], "html_url": web,
		"permalink_url": web, "diff_url": web + ".diff", "patch_url": web + ".patch", "base_commit": c.s.commitJSON(r, r.store.commit(base)),
		"merge_base_commit": c.s.commitJSON(r, r.store.commit(merge)), "status": status, "ahead_by": len(ahead), "behind_by": len(behind),
		"total_commits": len(ahead), "commits": renderAll(part, func(k *commitObject) object { return c.s.commitJSON(r, k) }), "files": files}}
}

func (r *Repo) branchNames() []string {
	var out []string
	for _, ref := range sortedKeys(r.refs) {
		if b, isBranch := strings.CutPrefix(ref, "refs/heads/"); isBranch {
			out = append(out, b)
		}
	}
	return out
}

func listBranches(c *call) answer {
	return listed(c, c.repo.branchNames(), func(b string) object {
		id := c.repo.head(b)
		return object{"name": b, "protected": false, "commit": object{"sha": id, "url": c.repo.api() + "/commits/" + id}}
	})
}

func getBranch(c *call) answer {
	b := c.vars["branch"]
	k := c.repo.store.commit(c.repo.head(b))
	if k == nil {
		return fail(http.StatusNotFound, "Branch not found")
	}
	api := c.repo.api() + "/branches/" + b
	return ok(object{"name": b, "commit": c.s.commitJSON(c.repo, k), "protected": false, "protection_url": api + "/protection",
		"_links":     object{"self": api, "html": c.repo.html() + "/tree/" + b},
		"protection": object{"enabled": false, "required_status_checks": object{"enforcement_level": "off", "contexts": []string{}, "checks": []string{}}}})
}

// entryAt finds a file or folder of a commit.
func (r *Repo) entryAt(tree, at string) (treeEntry, bool) {
	at = strings.Trim(at, "/")
	if at == "" {
		return treeEntry{mode: modeTree, id: tree}, true
	}
	list, _ := r.store.flat(tree)
	for _, e := range list {
		if e.path == at {
			return e, true
		}
	}
	return treeEntry{}, false
}

func (r *Repo) contentJSON(e treeEntry, commit string) object {
	esc := (&url.URL{Path: e.path}).EscapedPath()
	self := r.api() + "/contents/" + esc + "?ref=" + commit
	kind, gitKind, size := "file", "blobs", 0
	switch e.mode {
	case modeTree:
		kind, gitKind = "dir", "trees"
	case modeSymlink:
		kind = "symlink"
	case modeModule:
		kind = "submodule"
	}
	if data, found := r.store.blob(e.id); found {
		size = len(data)
	}
	web := r.html() + "/blob/" + commit + "/" + esc
	o := object{"name": path.Base(e.path), "path": e.path, "sha": e.id, "size": size, "url": self, "html_url": web,
		"git_url": r.api() + "/git/" + gitKind + "/" + e.id, "download_url": nil, "type": kind,
		"_links": object{"self": self, "git": r.api() + "/git/" + gitKind + "/" + e.id, "html": web}}
	if kind == "file" || kind == "symlink" {
		o["download_url"] = r.html() + "/raw/" + commit + "/" + esc
	}
	return o
}

func (c *call) contentAt(e treeEntry, commit string) answer {
	r := c.repo
	if e.mode == modeTree {
		list, _ := r.store.tree(e.id)
		return ok(renderAll(list, func(b treeEntry) object {
			b.path = strings.TrimPrefix(e.path+"/"+b.path, "/")
			return r.contentJSON(b, commit)
		}))
	}
	data, _ := r.store.blob(e.id)
	if strings.Contains(c.r.Header.Get("Accept"), "raw") {
		a := answer{status: http.StatusOK, raw: append([]byte{}, data...)}
		a.set("Content-Type", "application/vnd.github.raw+json; charset=utf-8")
		return a
	}
	o := r.contentJSON(e, commit)
	switch {
	case e.mode == modeSymlink:
		o["target"] = string(data)
	case e.mode == modeModule:
		o["submodule_git_url"] = "https://github.com/example/submodule.git"
	case len(data) > 1<<20: // GitHub leaves the content out beyond 1 MB
		o["content"], o["encoding"] = "", "none"
	default:
		o["content"], o["encoding"] = base64Lines(data), "base64"
	}
	return ok(o)
}

func getContents(c *call) answer {
	id := c.repo.resolve(c.query.Get("ref"))
	if id == "" {
		if len(c.repo.refs) == 0 {
			return fail(http.StatusNotFound, "This repository is empty.")
		}
		return fail(http.StatusNotFound, "No commit found for the ref "+c.query.Get("ref"))
	}
	e, found := c.repo.entryAt(c.repo.store.commit(id).tree, c.vars["path"])
	if !found {
		return notFound()
	}
	return c.contentAt(e, id)
}

// readmeOf finds the README as GitHub does: .github, the root, docs.
func (r *Repo) readmeOf(tree string) (treeEntry, bool) {
	files := r.store.files(tree)
	for _, dir := range []string{".github/", "", "docs/"} {
		for _, p := range sortedKeys(files) {
			name, below := strings.CutPrefix(strings.ToLower(p), dir)
			if below && !strings.Contains(name, "/") && (name == "readme" || strings.HasPrefix(name, "readme.")) {
				return files[p], true
			}
		}
	}
	return treeEntry{}, false
}

func getReadme(c *call) answer {
	k := c.repo.store.commit(c.repo.resolve(c.query.Get("ref")))
	if k == nil {
		return notFound()
	}
	e, found := c.repo.readmeOf(k.tree)
	if !found {
		return notFound()
	}
	return c.contentAt(e, k.id)
}

// download is one address of an archive that was handed out.
type download struct {
	repo    *Repo
	commit  string
	expires time.Time
}

func getTarball(c *call) answer {
	id := c.repo.resolve(c.vars["ref"])
	if id == "" {
		return notFound()
	}
	key := c.s.secret("")
	for k, d := range c.s.downloads {
		if !c.s.now().Before(d.expires) {
			delete(c.s.downloads, k)
		}
	}
	c.s.downloads[key] = download{repo: c.repo, commit: id, expires: c.s.now().Add(5 * time.Minute)}
	a := answer{status: http.StatusFound}
	a.set("Location", c.s.base+"/codeload/"+c.repo.fullName()+"/legacy.tar.gz/"+id+"?token="+key)
	return a
}

// serveTarball is the place the tarball route leads to.
func (s *Sim) serveTarball(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	s.mu.Lock()
	decide := s.fault
	d, found := s.downloads[r.URL.Query().Get("token")]
	var raw []byte
	if found && s.now().Before(d.expires) && !d.repo.deleted {
		raw = d.repo.tarball(d.commit)
	}
	s.mu.Unlock()
	entry := Call{At: start, Method: r.Method, Template: "codeload", Path: r.URL.Path}
	if decide != nil {
		if f := decide(r); f.Kind != NoFault {
			a := answer{status: http.StatusOK, raw: raw}
			entry.Status = s.breakAnswer(f, &a)
			s.log.add(entry)
			switch f.Kind {
			case FaultTimeout:
				s.hang(r.Context())
				panic(http.ErrAbortHandler)
			case FaultCut:
				w.WriteHeader(http.StatusOK)
				_, _ = w.Write(raw[:len(raw)/2])
				_ = http.NewResponseController(w).Flush()
				panic(http.ErrAbortHandler)
			}
			for k, v := range a.header {
				w.Header()[k] = v
			}
			w.WriteHeader(a.status)
			_, _ = w.Write(a.raw)
			return
		}
	}
	if raw == nil {
		http.NotFound(w, r)
		return
	}
	entry.Status, entry.Took = http.StatusOK, time.Since(start)
	s.log.add(entry)
	w.Header().Set("Content-Type", "application/x-gzip")
	w.Header().Set("Content-Disposition", "attachment; filename="+d.repo.name+".tar.gz")
	_, _ = w.Write(raw)
}

// tarball packs a commit as GitHub does: everything below one folder, the commit
// id in a global header.
func (r *Repo) tarball(commit string) []byte {
	k := r.store.commit(commit)
	var b bytes.Buffer
	zw := gzip.NewWriter(&b)
	tw := tar.NewWriter(zw)
	root := strings.ReplaceAll(r.fullName(), "/", "-") + "-" + commit[:7] + "/"
	write := func(h *tar.Header, data []byte) {
		h.ModTime, h.Size = k.committer.When, int64(len(data))
		_ = tw.WriteHeader(h) // a buffer takes everything
		_, _ = tw.Write(data)
	}
	_ = tw.WriteHeader(&tar.Header{Typeflag: tar.TypeXGlobalHeader, Name: "pax_global_header", PAXRecords: map[string]string{"comment": commit}})
	write(&tar.Header{Typeflag: tar.TypeDir, Name: root, Mode: 0o775}, nil)
	list, _ := r.store.flat(k.tree)
	for _, e := range list {
		data, _ := r.store.blob(e.id)
		switch e.mode {
		case modeTree, modeModule:
			write(&tar.Header{Typeflag: tar.TypeDir, Name: root + e.path + "/", Mode: 0o775}, nil)
		case modeSymlink:
			write(&tar.Header{Typeflag: tar.TypeSymlink, Name: root + e.path, Linkname: string(data), Mode: 0o777}, nil)
		default:
			mode, _ := strconv.ParseInt(e.mode[2:], 8, 64)
			write(&tar.Header{Typeflag: tar.TypeReg, Name: root + e.path, Mode: mode & 0o777}, data)
		}
	}
	_ = tw.Close()
	_ = zw.Close()
	return b.Bytes()
}
