package probe

import (
	"strings"
	"sync"

	"milepost/rules/facts"
)

// memo keeps what several detectors ask of the same input.
type memo struct {
	endpoints []endpoint
	routed    bool        // endpoints are known
	names     []*fileName // by number of the file; nil where it was not read yet
	dir       dirName     // of the last file: those of a folder follow each other
}

// fileName is what the name and place of a file say of practice.
type fileName struct {
	site      string     // the practice site it is named after, unless it is part of an application
	algorithm string     // the algorithm that its stem names
	structure *structure // the data structure that its stem names
	exercise  bool       // see exercise
}

// dirName is what the path of a folder says of practice.
type dirName struct {
	path     string
	known    bool
	site     string
	exercise bool
}

// plainName says nothing, as most names do.
var plainName = &fileName{}

// nameOf reads a file's name once.
func (in *Input) nameOf(f *facts.RepoFile) *fileName {
	if in.memo.names == nil {
		in.memo.names = make([]*fileName, len(in.Repo.Files))
	}
	n := &in.memo.names[f.Number()]
	if *n != nil {
		return *n
	}
	if dir := f.Dir(); !in.memo.dir.known || in.memo.dir.path != dir {
		in.memo.dir = dirName{path: dir, known: true, site: siteIn(dir), exercise: exerciseDir(dir)}
	}
	got := readName(f, in.memo.dir)
	*n = plainName
	if got != (fileName{}) {
		*n = &got
	}
	return *n
}

func readName(f *facts.RepoFile, dir dirName) fileName {
	var n fileName
	if base := f.Base(); dir.site != "" || indexOfNames().mayName(base) {
		words := fold(stem(base))
		joined := strings.Join(words, "")
		n.algorithm, n.structure = algorithmOf(words, joined), structureOf(words, joined)
		if valueWord(words) {
			n.algorithm = ""
		}
		if !component(base) && !speaksOfApp(words) {
			if n.site = dir.site; n.site == "" {
				n.site = siteIn(base)
			}
		}
	}
	n.exercise = n.site != "" || n.algorithm != "" || n.structure != nil || dir.exercise || holds(f, facts.KindPractice)
	return n
}

// holds reports whether a file that was read has a fact of a kind.
func holds(f *facts.RepoFile, k facts.Kind) bool {
	for i := range f.Facts.Facts {
		if f.Facts.Facts[i].Kind == k {
			return true
		}
	}
	return false
}

// nameIndex tells quickly the many names that are of no algorithm, no data structure and no practice site.
type nameIndex struct{ words trigrams }

var indexOfNames = sync.OnceValue(func() *nameIndex {
	x := &nameIndex{}
	for i := range namedAlgorithms {
		x.words.add(namedAlgorithms[i].parts...)
		x.words.add(namedAlgorithms[i].words...)
	}
	for i := range structures {
		x.words.add(structures[i].words...)
	}
	x.words.add(practiceSites...)
	return x
})

// mayName reports whether a name may be one of those. The words of which it is composed, joined, must hold one of theirs.
func (x *nameIndex) mayName(name string) bool {
	var buf [64]byte
	joined, ok := joinedWords(buf[:0], name)
	return !ok || x.words.pass(joined)
}

// joinedWords appends the words of a short name of ASCII, as fold gives them, to buf; ok is false for another name.
func joinedWords(buf []byte, name string) (joined []byte, ok bool) {
	if len(name) > cap(buf)-len(buf) {
		return buf, false
	}
	for i := range len(name) {
		switch c := name[i]; {
		case c >= 0x80:
			return buf, false
		case c|0x20 >= 'a' && c|0x20 <= 'z':
			buf = append(buf, c|0x20)
		}
	}
	return buf, true
}

// trigrams tells the texts that hold none of a set of words of lower-case letters, two or more each: a text that passes may hold one.
type trigrams [512]uint64

func (t *trigrams) add(words ...string) {
	set := func(at uint) { t[at>>6] |= 1 << (at & 63) }
	for _, w := range words {
		if len(w) > 2 {
			set(trigram(w[0], w[1], w[2]))
			continue
		}
		for c := range byte(32) { // it ends the text, or something follows
			set(trigram(c, w[0], w[1]))
			set(trigram(w[0], w[1], c))
		}
	}
}

func (t *trigrams) pass(text []byte) bool {
	for i := 2; i < len(text); i++ {
		if at := trigram(text[i-2], text[i-1], text[i]); t[at>>6]&(1<<(at&63)) != 0 {
			return true
		}
	}
	return len(text) == 2
}

func trigram(a, b, c byte) uint { return uint(a&31)<<10 | uint(b&31)<<5 | uint(c&31) }
