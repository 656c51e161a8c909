package probe

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	"unicode"

	"milepost/rules/facts"
	"milepost/rules/lex"
	"milepost/rules/snapshot"
)

var codePracticeDetectors = []Detector{
	{Name: "own-data-structure", Doc: "A linked list, stack, queue, tree, trie, heap, graph or hash table that the repository implements itself.", Judge: ownDataStructure},
	{Name: "own-algorithm", Doc: "A named searching, sorting, graph, recursion or dynamic-programming algorithm that the repository implements itself.", Judge: ownAlgorithm},
	{Name: "states-complexity", Doc: "A time or space complexity in a comment or a document.", Judge: statesComplexity},
	{Name: "practice-problems", Doc: "Solutions to problems of a practice site: folders or files named so, or problem links.", Judge: practiceProblems},
}

// structure is a data structure: the words that name it and the operations that make it one.
type structure struct {
	name  string
	words []string // identifiers, folded: lower-case letters only
	ops   []string // beginnings of operations, folded
	least int      // how many operations are needed
}

var structures = []structure{
	{"linked list", []string{"linkedlist", "list", "doublylinkedlist", "doublelinkedlist", "singlylinkedlist", "singlelinkedlist", "circularlinkedlist", "linkedlistnode", "dlinkedlist", "linklist"}, []string{"append", "prepend", "insert", "delete", "add", "remove", "reverse", "push", "pop", "find", "traverse", "print", "display", "search", "get", "tail", "head", "unshift", "shift", "show"}, 2},
	{"stack", []string{"stack", "minstack", "maxstack"}, []string{"push", "pop", "peek", "top", "isempty"}, 2},
	{"queue", []string{"queue", "circularqueue", "deque", "doubleendedqueue"}, []string{"enqueue", "dequeue", "push", "pop", "peek", "front", "rear", "add", "remove", "isempty", "offer", "poll"}, 2},
	{"priority queue", []string{"priorityqueue"}, []string{"enqueue", "dequeue", "push", "pop", "insert", "extract", "bubble", "sink", "peek", "heapify", "add", "poll", "remove", "swim"}, 2},
	{"heap", []string{"heap", "minheap", "maxheap", "binaryheap", "maxbinaryheap", "minbinaryheap", "fibonacciheap"}, []string{"insert", "extract", "heapify", "bubble", "sift", "sink", "percolate", "push", "pop", "remove", "add", "peek", "trickle", "build"}, 2},
	{"tree", []string{"binarysearchtree", "bst", "binarytree", "tree", "avltree", "avl", "redblacktree", "rbtree", "segmenttree", "fenwicktree", "binaryindexedtree", "btree", "splaytree", "intervaltree", "kdtree", "quadtree", "suffixtree", "radixtree", "treap"}, []string{"insert", "search", "find", "delete", "remove", "traverse", "inorder", "preorder", "postorder", "levelorder", "add", "contains", "height", "bfs", "dfs", "update", "query", "rotate", "lookup", "build", "invert"}, 2},
	{"trie", []string{"trie", "prefixtree"}, []string{"insert", "search", "startswith", "add", "contains", "delete", "find", "autocomplete", "has", "remove"}, 2},
	{"graph", []string{"graph", "directedgraph", "undirectedgraph", "weightedgraph", "digraph", "adjacencylist", "adjacencymatrix", "graphadjlist"}, []string{"addvertex", "addedge", "removevertex", "removeedge", "addnode", "bfs", "dfs", "depthfirst", "breadthfirst", "neighbors", "neighbours", "connect", "shortestpath", "hasedge", "topological", "dijkstra", "adj"}, 2},
	{"hash table", []string{"hashtable", "hashmap", "hashset", "linearprobing", "separatechaining"}, []string{"set", "get", "put", "hash", "insert", "remove", "delete", "add", "contains", "resize", "search", "find", "keys"}, 2},
	{"disjoint set", []string{"unionfind", "disjointset", "dsu", "disjointsetunion", "disjointsets"}, []string{"find", "union", "join", "connected", "merge"}, 2},
	{"LRU cache", []string{"lrucache", "lfucache", "lru"}, []string{"get", "put", "set", "add", "remove", "move"}, 2},
	{"skip list", []string{"skiplist"}, []string{"insert", "search", "add", "erase", "delete"}, 2},
	{"dynamic array", []string{"dynamicarray", "arraylist", "circularbuffer", "ringbuffer", "ring"}, []string{"push", "pop", "add", "append", "insert", "remove", "resize", "get", "write", "read"}, 2},
}

// qualifiers may stand before or after a structure's word: MyStack, StackArray, GenericQueue.
var qualifiers = []string{
	"my", "custom", "generic", "simple", "basic", "array", "linked", "list", "linkedlist", "node", "ll", "impl", "implementation", "class", "dynamic", "static", "fixed", "new", "using", "with", "based", "ds", "and", "adt", "operations", "singly", "doubly",
	"circular", "ordered", "unordered", "int", "two", "js", "py", "java", "cpp", "from", "scratch", "t", "single", "double", "queue", "stack", "queues", "stacks", "basics", "example", "as", "by", "of", "the", "a", "in", "min", "max", "main", "program", "structure",
}

// fold splits an identifier or file stem into lower-case words.
func fold(s string) []string {
	if out, ok := foldASCII(s); ok {
		return out
	}
	var out []string
	var word []rune
	flush := func() {
		if len(word) > 0 {
			out = append(out, string(word))
			word = word[:0]
		}
	}
	rs := []rune(s)
	for i, r := range rs {
		switch {
		case unicode.IsUpper(r):
			if i > 0 && !unicode.IsUpper(rs[i-1]) || i > 0 && i+1 < len(rs) && unicode.IsLower(rs[i+1]) {
				flush()
			}
			word = append(word, unicode.ToLower(r))
		case unicode.IsLetter(r):
			word = append(word, r)
		default:
			flush()
		}
	}
	flush()
	return out
}

// foldASCII is fold for the letters of ASCII, without a copy of each word; ok is false when s has others.
func foldASCII(s string) (out []string, ok bool) {
	upper := func(c byte) bool { return c >= 'A' && c <= 'Z' }
	letter := func(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
	words := 1
	for i := range len(s) {
		if s[i] >= 0x80 {
			return nil, false
		}
		if i > 0 && (!letter(s[i]) || upper(s[i])) {
			words++
		}
	}
	out = make([]string, 0, min(words, 16))
	lower := strings.ToLower(s)
	start := 0
	flush := func(end int) {
		if end > start {
			out = append(out, lower[start:end])
		}
	}
	for i := range len(s) {
		switch c := s[i]; {
		case !letter(c):
			flush(i)
			start = i + 1
		case upper(c) && i > 0 && (!upper(s[i-1]) || i+1 < len(s) && s[i+1] >= 'a' && s[i+1] <= 'z'):
			flush(i)
			start = i
		}
	}
	flush(len(s))
	return out, true
}

// structureIndex finds structures by their words.
type structureIndex struct {
	by         map[string]*structure
	qualifiers map[string]bool
}

var indexOfStructures = sync.OnceValue(func() structureIndex {
	x := structureIndex{by: map[string]*structure{}, qualifiers: map[string]bool{}}
	for i := range structures {
		for _, w := range structures[i].words {
			if x.by[w] == nil {
				x.by[w] = &structures[i]
			}
		}
	}
	for _, w := range qualifiers {
		x.qualifiers[w] = true
	}
	return x
})

// structureNamed is the data structure that a name stands for, or nil.
func structureNamed(name string) *structure {
	if !indexOfNames().mayName(name) {
		return nil
	}
	words := fold(name)
	return structureOf(words, strings.Join(words, ""))
}

// structureOf is structureNamed of a name's words, which are given joined too.
func structureOf(words []string, joined string) *structure {
	if len(words) == 0 || len(words) > 6 {
		return nil
	}
	x := indexOfStructures()
	singular := strings.TrimSuffix(joined, "s")
	switch {
	case joined == "list" || singular == "list":
		return nil // a list of anything
	case x.by[joined] != nil:
		return x.by[joined]
	case x.by[singular] != nil:
		return x.by[singular]
	}
	// drop qualifiers around the longest word that fits
	var starts [7]int // of each word in joined
	others := 0       // a bit for each word that is no qualifier
	for i, w := range words {
		starts[i+1] = starts[i] + len(w)
		if !x.qualifiers[w] {
			others |= 1 << i
		}
	}
	for n := len(words); n >= 1; n-- {
		for at := 0; at+n <= len(words); at++ {
			if core := (1<<n - 1) << at; others&^core != 0 {
				continue
			}
			if core := joined[starts[at]:starts[at+n]]; core != "list" && x.by[core] != nil {
				return x.by[core]
			}
		}
	}
	return nil
}

func (st *structure) operations(names map[string]bool) int {
	seen := map[string]bool{}
	for n := range names {
		for _, op := range st.ops {
			if strings.HasPrefix(n, op) {
				seen[op] = true
			}
		}
	}
	return len(seen)
}

// practised reports whether a file may hold an exercise or an implementation: own program text outside tests.
func practised(f *facts.RepoFile) bool {
	return f.Own() && f.Lang().GeneralPurpose() && !f.Class.Has(facts.Test) && !migration(f.Path)
}

func stem(p string) string {
	base := path.Base(p)
	return strings.TrimSuffix(base, path.Ext(base))
}

// persisted are parents that make a class a row of a table or a part of a framework rather than a structure in memory.
func persisted(parents string) bool {
	for _, w := range []string{"Model", "ApplicationRecord", "ActiveRecord", "Entity", "cdk.", "Component", "Controller", "Serializer", "Base", "Document", "Construct", "Stack"} {
		if strings.Contains(parents, w) {
			return true
		}
	}
	return false
}

func ownDataStructure(in *Input) Result {
	res := Result{Status: Met}
	memo := map[*facts.RepoFile]map[string]map[string]bool{}
	names := func(f *facts.RepoFile) map[string]map[string]bool {
		if memo[f] == nil {
			memo[f] = functionNames(f)
		}
		return memo[f]
	}
	add := func(e Evidence) {
		if len(res.Evidence) < MaxEvidence && !slices.ContainsFunc(res.Evidence, func(o Evidence) bool { return o.Path == e.Path }) {
			res.Evidence = append(res.Evidence, e)
		}
	}
	var near []Evidence
	for _, h := range in.Repo.Hits(facts.KindType) {
		if !practised(h.File) || h.Value == "interface" || h.Value == "annotation" || persisted(h.Fact.Scope) {
			continue
		}
		st := structureNamed(h.Name)
		if st == nil {
			if node(h.Name) && linked(h.File) && operationsOfNodes(names(h.File)) {
				add(At(h, "linked nodes"))
			}
			continue
		}
		methods := names(h.File)[h.Name]
		if l := h.File.Lang(); (l == lex.CPP || l == lex.C || h.Value == "prototype") && st.operations(methods) < st.least {
			methods = names(h.File)["*"]
		}
		if st.operations(methods) >= st.least && (st.name != "LRU cache" || linked(h.File)) { // one over the language's own map is a use of that
			add(At(h, st.name))
		} else if len(near) == 0 {
			near = append(near, At(h, "named like a "+st.name))
		}
	}
	for i := range in.Repo.Files {
		f := &in.Repo.Files[i]
		if !practised(f) || holdsPersisted(f) {
			continue
		}
		if st := in.nameOf(f).structure; st != nil && st.operations(names(f)["*"]) >= st.least && (st.name != "LRU cache" || linked(f)) && !in.Repo.Browser(f) {
			add(Evidence{Path: f.Path, Note: st.name})
			continue
		}
		if l := f.Lang(); l != lex.C && l != lex.CPP && l != lex.Python && l != lex.Java {
			continue
		}
		if hasFunctions(f, "push", "pop") || hasFunctions(f, "enqueue", "dequeue") {
			add(Evidence{Path: f.Path, Note: "stack or queue"})
		}
	}
	if len(res.Evidence) > 0 {
		return res
	}
	return Result{Status: Missing, Evidence: near}
}

func holdsPersisted(f *facts.RepoFile) bool {
	for i := range f.Facts.Facts {
		if x := &f.Facts.Facts[i]; x.Kind == facts.KindType && persisted(x.Scope) {
			return true
		}
	}
	return false
}

// hasFunctions reports whether functionNames has two names, which are of lower-case ASCII letters.
func hasFunctions(f *facts.RepoFile, one, other string) bool {
	var hasOne, hasOther bool
	for i := range f.Facts.Facts {
		h := &f.Facts.Facts[i]
		if h.Kind != facts.KindFunction || len(h.Name) < min(len(one), len(other)) {
			continue
		}
		name := h.Name[strings.LastIndexByte(h.Name, '.')+1:]
		hasOne = hasOne || foldedTo(name, one)
		hasOther = hasOther || foldedTo(name, other)
	}
	return hasOne && hasOther
}

// foldedTo reports whether the words of an identifier, joined, are name.
func foldedTo(identifier, name string) bool {
	n := 0
	for i := range len(identifier) {
		switch c := identifier[i]; {
		case c >= 0x80:
			return strings.Join(fold(identifier), "") == name
		case c|0x20 < 'a' || c|0x20 > 'z':
		case n == len(name) || c|0x20 != name[n]:
			return false
		default:
			n++
		}
	}
	return n == len(name)
}

// functionNames are the folded names of a practised file's functions by the type they belong to; "*" is all of the file.
func functionNames(f *facts.RepoFile) map[string]map[string]bool {
	out := map[string]map[string]bool{"*": {}}
	for i := range f.Facts.Facts {
		h := &f.Facts.Facts[i]
		if h.Kind != facts.KindFunction || h.Name == "" {
			continue
		}
		name := strings.Join(fold(h.Name[strings.LastIndexByte(h.Name, '.')+1:]), "")
		out["*"][name] = true
		if out[h.Scope] == nil {
			out[h.Scope] = map[string]bool{}
		}
		out[h.Scope][name] = true
	}
	return out
}

// node names what linked structures are made of. ListNode and TreeNode are what practice sites hand out, so they prove nothing.
func node(name string) bool {
	var buf [64]byte
	joined, ok := joinedWords(buf[:0], name)
	if !ok {
		joined = []byte(strings.Join(fold(name), ""))
	}
	switch string(joined) {
	case "node", "vertex", "trienode", "bstnode", "avlnode", "heapnode", "graphnode", "linkedlistnode", "huffmannode", "doublynode", "stacknode", "queuenode", "nodetree", "binarytreenode":
		return true
	}
	return false
}

func linked(f *facts.RepoFile) bool {
	return holds(f, facts.KindLink)
}

func operationsOfNodes(byType map[string]map[string]bool) bool {
	n := 0
	for name := range byType["*"] {
		for _, op := range []string{"insert", "append", "prepend", "delete", "remove", "push", "pop", "enqueue", "dequeue", "inorder", "preorder", "postorder", "traverse", "levelorder", "search", "addnode", "create", "display", "print"} {
			if strings.HasPrefix(name, op) {
				n++
				break
			}
		}
	}
	return n >= 2
}

// algorithm is a named algorithm: names that contain one of parts, or have one of words as a word of their own.
type algorithm struct {
	name  string
	parts []string // within the folded name
	words []string // a whole word of it
}

var namedAlgorithms = []algorithm{
	{name: "binary search", parts: []string{"binarysearch", "bisectleft", "bisectright"}},
	{name: "linear search", parts: []string{"linearsearch", "sequentialsearch", "naivesearch", "jumpsearch", "interpolationsearch", "exponentialsearch", "ternarysearch"}},
	{name: "bubble sort", parts: []string{"bubblesort"}},
	{name: "insertion sort", parts: []string{"insertionsort"}},
	{name: "selection sort", parts: []string{"selectionsort"}},
	{name: "merge sort", parts: []string{"mergesort", "mergesorted", "mergeksorted", "mergetwosorted"}},
	{name: "quick sort", parts: []string{"quicksort", "quickselect", "lomuto", "hoarepartition"}},
	{name: "heap sort", parts: []string{"heapsort", "heapify"}},
	{name: "radix or counting sort", parts: []string{"radixsort", "countingsort", "bucketsort", "countsort", "shellsort", "timsort", "cocktailsort", "cyclesort", "cyclicsort", "topologicalsort", "toposort"}},
	{name: "breadth-first search", parts: []string{"breadthfirst", "levelorder"}, words: []string{"bfs"}},
	{name: "depth-first search", parts: []string{"depthfirst", "inordertraversal", "preordertraversal", "postordertraversal", "floodfill"}, words: []string{"dfs"}},
	{name: "shortest path", parts: []string{"dijkstra", "bellmanford", "floydwarshall", "astarsearch", "shortestpath"}},
	{name: "minimum spanning tree", parts: []string{"kruskal", "primsalgorithm", "primmst", "primsmst", "spanningtree"}},
	{name: "dynamic programming", parts: []string{"knapsack", "longestcommonsub", "longestincreasing", "editdistance", "levenshtein", "coinchange", "climbingstairs", "climbstairs", "houserobber", "matrixchain", "kadane", "maximumsubarray", "maxsubarray", "longestpalindromic", "uniquepaths"}, words: []string{"dp", "lcs", "lis"}},
	{name: "backtracking", parts: []string{"nqueens", "nqueen", "sudokusolver", "solvesudoku", "backtrack", "wordsearch", "ratinmaze", "generateparenthes", "combinationsum"}},
	{name: "recursion", parts: []string{"fibonacci", "factorial", "hanoi", "ackermann", "permutation", "powerset"}, words: []string{"fib"}},
	{name: "string matching", parts: []string{"rabinkarp", "knuthmorris", "boyermoore", "kmpsearch"}, words: []string{"kmp"}},
	{name: "number theory", parts: []string{"sieveoferatosthenes", "euclideanalgorithm", "sieve"}},
	{name: "Huffman coding", parts: []string{"huffman"}},
	{name: "cycle detection", parts: []string{"floydcycle", "hasarecycle", "detectcycle", "hascycle"}},
	{name: "sliding window or two pointers", parts: []string{"slidingwindow", "twopointer"}},
}

// algorithmNamed is the algorithm that a name stands for, "" for none.
func algorithmNamed(name string) string {
	if !indexOfNames().mayName(name) {
		return ""
	}
	words := fold(name)
	return algorithmOf(words, strings.Join(words, ""))
}

// algorithmOf is algorithmNamed of a name's words, which are given joined too.
func algorithmOf(words []string, joined string) string {
	for i := range namedAlgorithms {
		a := &namedAlgorithms[i]
		if slices.ContainsFunc(a.parts, func(p string) bool { return strings.Contains(joined, p) }) || slices.ContainsFunc(a.words, func(w string) bool { return slices.Contains(words, w) }) {
			return a.name
		}
	}
	return ""
}

func ownAlgorithm(in *Input) Result {
	res := Result{Status: Met}
	add := func(e Evidence) {
		if len(res.Evidence) < MaxEvidence && !slices.ContainsFunc(res.Evidence, func(o Evidence) bool { return o.Path == e.Path }) {
			res.Evidence = append(res.Evidence, e)
		}
	}
	hits := in.Repo.Hits(facts.KindFunction)
	var file *facts.RepoFile // of the last hit: those of a file follow each other
	own := false
	for i := range hits {
		h := &hits[i]
		if h.File != file {
			file, own = h.File, practised(h.File)
		}
		if !own {
			continue
		}
		if h.Name == "" || h.Value == "empty" || h.Name == h.Fact.Scope { // a constructor does nothing of what its class is named after
			continue
		}
		name := algorithmNamed(h.Name)
		if name != "" && !uiWord(h.Name) && (h.LastLine()-h.Line >= 2 || name == "recursion" && !in.Repo.Browser(file)) {
			add(At(*h, name))
		}
	}
	for _, h := range in.Repo.Hits(facts.KindType) {
		if name := algorithmOfType(h); name != "" && practised(h.File) {
			add(At(h, name))
		}
	}
	for _, h := range in.Repo.Hits(facts.KindTechnique) {
		if practised(h.File) {
			add(At(h, h.Name))
		}
	}
	for i := range in.Repo.Files {
		f := &in.Repo.Files[i]
		if !practised(f) || f.Facts.Lines.Code < 6 || component(f.Path) {
			continue
		}
		name := in.nameOf(f).algorithm
		if name == "" && !in.Repo.Browser(f) && in.nameOf(f).site != "" {
			name = algorithmNamed(path.Base(path.Dir(f.Path)))
		}
		if name != "" && (holds(f, facts.KindFunction) || f.Facts.Lines.Code >= 8) && !in.Repo.Browser(f) {
			add(Evidence{Path: f.Path, Note: name})
		}
	}
	if len(res.Evidence) > 0 {
		return res
	}
	return Result{Status: Missing}
}

// algorithmOfType is the algorithm that a class is named after and does: BubbleSort with a method Sort. What it works on (HuffmanNode,
// BinarySearchTree) and what speaks of it does nothing.
func algorithmOfType(h facts.Hit) string {
	if h.Value == "interface" || h.Value == "enum" || h.LastLine()-h.Line < 8 {
		return ""
	}
	name := algorithmNamed(h.Name)
	if name == "" {
		return ""
	}
	words := fold(h.Name)
	if valueWord(words) || structureOf(words, strings.Join(words, "")) != nil || speaksOfApp(words) || uiWord(h.Name) || persisted(h.Fact.Scope) {
		return ""
	}
	for _, f := range h.File.Facts.Facts {
		if f.Kind == facts.KindFunction && f.Scope == h.Name && f.Value != "empty" && f.LastLine()-f.Line >= 4 {
			return name
		}
	}
	return ""
}

// valueWord reports whether the words of a name say that it is a value of an algorithm.
func valueWord(words []string) bool {
	if len(words) < 2 {
		return false
	}
	switch words[len(words)-1] {
	case "node", "tree", "entry", "pair", "item", "edge", "comparator", "result", "exception", "error", "request", "response", "dto", "form", "view", "test", "tests":
		return true
	}
	return false
}

// uiWord reports whether a function's name speaks of showing or handling an algorithm, not of doing it.
func uiWord(name string) bool {
	return slices.ContainsFunc(fold(name), func(w string) bool {
		switch w {
		case "handle", "on", "render", "show", "test", "benchmark", "toggle", "use":
			return true
		}
		return false
	})
}

func component(p string) bool {
	switch strings.ToLower(path.Ext(p)) {
	case ".jsx", ".tsx", ".vue", ".svelte":
		return true
	}
	return false
}

func statesComplexity(in *Input) Result {
	var code, docs []facts.Hit
	for _, h := range in.Repo.Hits(facts.KindComplexity) {
		switch {
		case !h.File.Own():
		case h.File.Lang().GeneralPurpose():
			code = append(code, h)
		case len(in.Repo.Languages()) > 0:
			docs = append(docs, h)
		}
	}
	res := Result{Status: Met}
	for _, h := range append(code, docs...) {
		if len(res.Evidence) == 3 {
			break
		}
		res.Evidence = append(res.Evidence, At(h, "states "+clean(h.Value)))
	}
	if len(res.Evidence) == 0 {
		return Result{Status: Missing}
	}
	return res
}

// practiceSites are practice sites as folders and files are named after them, folded.
var practiceSites = []string{"leetcode", "hackerrank", "codeforces", "geeksforgeeks", "geeksforgeek", "gfg", "codewars", "codechef", "atcoder", "neetcode", "hackerearth", "cses", "spoj", "interviewbit", "codingninjas"}

// appWords are words in names of files that speak of a program about such a site, not of a solution.
var appWords = []string{"controller", "service", "router", "routes", "route", "client", "api", "model", "page", "stats", "scraper", "module", "handler", "profile", "card", "bot", "sync", "config", "fetch", "fetcher", "provider", "repository", "schema", "tracker"}

// speaksOfApp reports whether a file's words speak of a program about a practice site.
func speaksOfApp(words []string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(appWords, w) })
}

// siteIn is the practice site that a part of a path is named after, "" for none.
func siteIn(p string) string {
	for part := range strings.SplitSeq(p, "/") {
		words := fold(part)
		joined := strings.Join(words, "")
		for _, site := range practiceSites {
			if len(site) > 4 && strings.Contains(joined, site) || slices.Contains(words, site) {
				return site
			}
		}
	}
	return ""
}

func practiceProblems(in *Input) Result {
	res := Result{Status: Met}
	for _, h := range in.Repo.Hits(facts.KindPractice) {
		prose := !h.File.Lang().GeneralPurpose() && h.File.Lang() != lex.SQL
		if !h.File.Own() || prose && len(in.Repo.Languages()) == 0 || h.File.Class.Has(facts.Test) && prose {
			continue
		}
		if len(res.Evidence) < 3 {
			res.Evidence = append(res.Evidence, At(h, h.Name+" problem"))
		}
	}
	for i := range in.Repo.Files {
		f := &in.Repo.Files[i]
		if len(res.Evidence) == 3 || f.Mode == snapshot.Submodule || !f.Own() || !f.Lang().GeneralPurpose() && f.Lang() != lex.SQL || f.Facts.Lines.Code == 0 {
			continue
		}
		if site := in.nameOf(f).site; site != "" {
			res.Evidence = append(res.Evidence, Evidence{Path: f.Path, Note: "named after " + site})
		}
	}
	if len(res.Evidence) > 0 {
		return res
	}
	return Result{Status: Missing}
}

// exercise reports whether a file is practice by its name or place: an algorithm, a data structure or a problem's solution.
func exercise(in *Input, f *facts.RepoFile) bool { return in.nameOf(f).exercise }

// exerciseDir reports whether a folder's path is that of exercises.
func exerciseDir(dir string) bool {
	for part := range strings.SplitSeq(dir, "/") {
		switch joined := strings.Join(fold(part), ""); joined {
		case "algorithm", "algorithms", "algo", "algos", "datastructure", "datastructures", "dsa", "ds", "problems", "sorting", "searching", "dynamicprogramming", "recursion", "backtracking", "linkedlist", "graphs", "trees", "stacks", "heaps", "bitmanipulation", "slidingwindow", "twopointers":
			return true
		default:
			if strings.Contains(joined, "datastructure") || strings.HasPrefix(joined, "algorithm") && len(joined) < 16 {
				return true
			}
		}
	}
	return false
}

func lineCount(n int) string {
	if n == 1 {
		return "1 line"
	}
	return fmt.Sprintf("%d lines", n)
}
