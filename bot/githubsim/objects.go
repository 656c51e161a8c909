package githubsim

import (
	"bytes"
	"crypto/sha1" // #nosec G505 -- git's object ids
	"encoding/hex"
	"fmt"
	"path"
	"sort"
	"strconv"
	"strings"
	"time"
)

// The kinds of git objects.
const (
	objBlob   = "blob"
	objTree   = "tree"
	objCommit = "commit"
	objTag    = "tag"
)

// Modes of tree entries, as git writes them in a tree.
const (
	modeFile    = "100644"
	modeExec    = "100755"
	modeSymlink = "120000"
	modeModule  = "160000"
	modeTree    = "40000"
)

type gitObject struct {
	kind string
	data []byte
}

// objectStore holds the git objects of a repository and its forks. backing, if
// any, is asked for what the store lacks: a local repository on disk.
type objectStore struct {
	objects map[string]gitObject
	backing []func(id string) (gitObject, bool)
	trees   map[string][]treeEntry // parsed and flattened trees, by id
	commits map[string]*commitObject
	sizes   map[string]int // of blobs that were read from a backing
}

func newObjectStore() *objectStore {
	return &objectStore{objects: map[string]gitObject{}, trees: map[string][]treeEntry{}, commits: map[string]*commitObject{}, sizes: map[string]int{}}
}

func (st *objectStore) get(id string) (gitObject, bool) {
	if o, found := st.objects[id]; found {
		return o, true
	}
	for _, ask := range st.backing {
		if o, found := ask(id); found {
			return o, true
		}
	}
	return gitObject{}, false
}

func (st *objectStore) put(kind string, data []byte) string {
	h := sha1.New() // #nosec G401
	fmt.Fprintf(h, "%s %d\x00", kind, len(data))
	h.Write(data)
	id := hex.EncodeToString(h.Sum(nil))
	if _, found := st.objects[id]; !found {
		st.objects[id] = gitObject{kind: kind, data: data}
	}
	return id
}

// blob is the content of a blob.
func (st *objectStore) blob(id string) ([]byte, bool) {
	o, found := st.get(id)
	return o.data, found && o.kind == objBlob
}

// size is the length of a blob; one on disk is read for it once.
func (st *objectStore) size(id string) int {
	if o, found := st.objects[id]; found {
		return len(o.data)
	}
	n, known := st.sizes[id]
	if !known {
		data, _ := st.blob(id)
		n = len(data)
		st.sizes[id] = n
	}
	return n
}

type treeEntry struct {
	path string // from the root of the listing
	mode string
	id   string
}

func (e treeEntry) kind() string {
	switch e.mode {
	case modeTree:
		return objTree
	case modeModule:
		return objCommit
	}
	return objBlob
}

// tree lists the direct entries of a tree.
func (st *objectStore) tree(id string) ([]treeEntry, bool) {
	o, found := st.get(id)
	if !found || o.kind != objTree {
		return nil, false
	}
	var out []treeEntry
	data := o.data
	for len(data) > 0 {
		sp, nul := bytes.IndexByte(data, ' '), bytes.IndexByte(data, 0)
		if sp < 0 || nul < sp || len(data) < nul+21 {
			return nil, false
		}
		mode := strings.TrimPrefix(string(data[:sp]), "0")
		if mode == "100664" {
			mode = modeFile
		}
		out = append(out, treeEntry{path: string(data[sp+1 : nul]), mode: mode, id: hex.EncodeToString(data[nul+1 : nul+21])})
		data = data[nul+21:]
	}
	return out, true
}

// flat lists all entries below a tree, folders included, in the order of git.
func (st *objectStore) flat(id string) ([]treeEntry, bool) {
	if list, found := st.trees[id]; found {
		return list, true
	}
	direct, found := st.tree(id)
	if !found {
		return nil, false
	}
	var out []treeEntry
	for _, e := range direct {
		out = append(out, e)
		if e.mode != modeTree {
			continue
		}
		below, found := st.flat(e.id)
		if !found {
			return nil, false
		}
		for _, b := range below {
			b.path = e.path + "/" + b.path
			out = append(out, b)
		}
	}
	if len(st.trees) > 4096 { // bounded: a cache only
		clear(st.trees)
	}
	st.trees[id] = out
	return out, true
}

// files are the entries of a tree that are no folders, by path.
func (st *objectStore) files(tree string) map[string]treeEntry {
	out := map[string]treeEntry{}
	list, _ := st.flat(tree)
	for _, e := range list {
		if e.mode != modeTree {
			out[e.path] = e
		}
	}
	return out
}

// writeTree stores the trees for a set of files and returns the root's id.
func (st *objectStore) writeTree(files map[string]treeEntry) string {
	type dir struct {
		entries []treeEntry
		sub     map[string]map[string]treeEntry
	}
	d := dir{sub: map[string]map[string]treeEntry{}}
	for p, e := range files {
		head, rest, deep := strings.Cut(p, "/")
		if !deep {
			d.entries = append(d.entries, treeEntry{path: head, mode: e.mode, id: e.id})
			continue
		}
		if d.sub[head] == nil {
			d.sub[head] = map[string]treeEntry{}
		}
		d.sub[head][rest] = e
	}
	for name, below := range d.sub {
		d.entries = append(d.entries, treeEntry{path: name, mode: modeTree, id: st.writeTree(below)})
	}
	// git sorts folders as if their names ended in a slash.
	key := func(e treeEntry) string {
		if e.mode == modeTree {
			return e.path + "/"
		}
		return e.path
	}
	sort.Slice(d.entries, func(i, j int) bool { return key(d.entries[i]) < key(d.entries[j]) })
	var b bytes.Buffer
	for _, e := range d.entries {
		raw, _ := hex.DecodeString(e.id)
		b.WriteString(e.mode + " " + e.path + "\x00")
		b.Write(raw)
	}
	return st.put(objTree, b.Bytes())
}

// Identity is who wrote or committed something, and when.
type Identity struct {
	Name  string
	Email string
	When  time.Time
}

type commitObject struct {
	id        string
	tree      string
	parents   []string
	author    Identity
	committer Identity
	message   string
}

func formatIdentity(i Identity) string {
	clean := strings.NewReplacer("<", "", ">", "", "\n", " ")
	return fmt.Sprintf("%s <%s> %d %s", clean.Replace(i.Name), clean.Replace(i.Email), i.When.Unix(), i.When.Format("-0700"))
}

func parseIdentity(s string) Identity {
	open, end := strings.LastIndex(s, "<"), strings.LastIndex(s, ">")
	if open < 0 || end < open {
		return Identity{Name: s, When: time.Unix(0, 0).UTC()}
	}
	out := Identity{Name: strings.TrimSpace(s[:open]), Email: s[open+1 : end]}
	secs, _, _ := strings.Cut(strings.TrimSpace(s[end+1:]), " ")
	n, _ := strconv.ParseInt(secs, 10, 64)
	out.When = time.Unix(n, 0).UTC()
	return out
}

// writeCommit stores a commit and returns its id.
func (st *objectStore) writeCommit(c commitObject) string {
	var b bytes.Buffer
	b.WriteString("tree " + c.tree + "\n")
	for _, p := range c.parents {
		b.WriteString("parent " + p + "\n")
	}
	b.WriteString("author " + formatIdentity(c.author) + "\ncommitter " + formatIdentity(c.committer) + "\n\n" + c.message)
	if !strings.HasSuffix(c.message, "\n") {
		b.WriteByte('\n')
	}
	return st.put(objCommit, b.Bytes())
}

// commit reads a commit; a tag that points at one is followed.
func (st *objectStore) commit(id string) *commitObject {
	if c := st.commits[id]; c != nil {
		return c
	}
	o, found := st.get(id)
	if !found {
		return nil
	}
	head, message, _ := strings.Cut(string(o.data), "\n\n")
	c := &commitObject{id: id, message: strings.TrimRight(message, "\n")}
	for _, line := range strings.Split(head, "\n") {
		key, value, _ := strings.Cut(line, " ")
		switch key {
		case "object":
			if o.kind == objTag {
				return st.commit(value)
			}
		case "tree":
			c.tree = value
		case "parent":
			c.parents = append(c.parents, value)
		case "author":
			c.author = parseIdentity(value)
		case "committer":
			c.committer = parseIdentity(value)
		}
	}
	if o.kind != objCommit {
		return nil
	}
	st.commits[id] = c
	return c
}

// history lists the commits reachable from a head, newest first; at most limit of them.
func (st *objectStore) history(head string, limit int, stop map[string]bool) []*commitObject {
	seen := map[string]bool{}
	var queue, out []*commitObject
	push := func(id string) {
		if seen[id] || stop[id] {
			return
		}
		seen[id] = true
		if c := st.commit(id); c != nil {
			at := sort.Search(len(queue), func(i int) bool { return queue[i].committer.When.Before(c.committer.When) })
			queue = append(queue, nil)
			copy(queue[at+1:], queue[at:])
			queue[at] = c
		}
	}
	push(head)
	for len(queue) > 0 && len(out) < limit {
		c := queue[0]
		queue = queue[1:]
		out = append(out, c)
		for _, p := range c.parents {
			push(p)
		}
	}
	return out
}

const maxHistory = 20_000

// ancestors are all commits reachable from a head, itself included.
func (st *objectStore) ancestors(head string) map[string]bool {
	seen := map[string]bool{}
	todo := []string{head}
	for len(todo) > 0 {
		id := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if id == "" || seen[id] {
			continue
		}
		seen[id] = true
		if c := st.commit(id); c != nil {
			todo = append(todo, c.parents...)
		}
	}
	return seen
}

// mergeBase is the newest common ancestor of two commits, or "".
func (st *objectStore) mergeBase(a, b string) string {
	if a == b {
		return a
	}
	of := st.ancestors(a)
	for _, c := range st.history(b, maxHistory, nil) {
		if of[c.id] {
			return c.id
		}
	}
	return ""
}

// between lists the commits that head has and base lacks, oldest first.
func (st *objectStore) between(base, head string) []*commitObject {
	list := st.history(head, maxHistory, st.ancestors(base))
	for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
		list[i], list[j] = list[j], list[i]
	}
	return list
}

// fileChange is one file that differs between two trees.
type fileChange struct {
	path, previous string
	status         string // added, removed, modified, renamed
	old, new       treeEntry
}

// diffTrees compares two trees; "" is the empty tree. A removed and an added file
// of the same content are one renamed file.
func (st *objectStore) diffTrees(from, to string) []fileChange {
	a, b := map[string]treeEntry{}, map[string]treeEntry{}
	if from != "" {
		a = st.files(from)
	}
	if to != "" {
		b = st.files(to)
	}
	gone := map[string][]string{} // blob id -> removed paths
	for p, e := range a {
		if _, kept := b[p]; !kept {
			gone[e.id] = append(gone[e.id], p)
		}
	}
	for _, list := range gone {
		sort.Strings(list)
	}
	var out []fileChange
	renamed := map[string]bool{}
	for _, p := range sortedKeys(b) {
		e := b[p]
		old, had := a[p]
		switch {
		case had && old.id == e.id && old.mode == e.mode:
		case had:
			out = append(out, fileChange{path: p, status: "modified", old: old, new: e})
		case len(gone[e.id]) > 0:
			prev := gone[e.id][0]
			gone[e.id] = gone[e.id][1:]
			renamed[prev] = true
			out = append(out, fileChange{path: p, previous: prev, status: "renamed", old: a[prev], new: e})
		default:
			out = append(out, fileChange{path: p, status: "added", new: e})
		}
	}
	for _, p := range sortedKeys(a) {
		if _, kept := b[p]; !kept && !renamed[p] {
			out = append(out, fileChange{path: p, status: "removed", old: a[p]})
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].path < out[j].path })
	return out
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

// merge brings the changes from base to theirs into ours, file by file. The
// second result names a file that both changed differently, or is "".
func (st *objectStore) merge(base, ours, theirs string) (string, string) {
	result := st.files(ours)
	original := map[string]treeEntry{}
	if base != "" {
		original = st.files(base)
	}
	for _, c := range st.diffTrees(base, theirs) {
		for _, p := range []string{c.path, c.previous} {
			if p == "" {
				continue
			}
			was, had := original[p]
			is, has := result[p]
			if p == c.path && has && is.id == c.new.id {
				continue
			}
			if had != has || was.id != is.id {
				return "", p
			}
		}
		if c.status == "removed" {
			delete(result, c.path)
			continue
		}
		delete(result, c.previous)
		result[c.path] = c.new
	}
	return st.writeTree(result), ""
}

// validPath reports whether git would take the path.
func validPath(p string) bool {
	if p == "" || p == "." || path.IsAbs(p) || path.Clean(p) != p || strings.Contains(p, "\x00") {
		return false
	}
	for _, part := range strings.Split(p, "/") {
		if part == ".." || strings.EqualFold(part, ".git") {
			return false
		}
	}
	return true
}
