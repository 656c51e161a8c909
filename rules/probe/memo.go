package probe

import (
	"strings"

	"milepost/rules/facts"
)

// memo keeps what several detectors ask of the same input.
type memo struct {
	endpoints []endpoint
	routed    bool // endpoints are known
	names     map[*facts.RepoFile]*fileName
	dir       dirName // of the last file: those of a folder follow each other
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

// nameOf reads a file's name once.
func (in *Input) nameOf(f *facts.RepoFile) *fileName {
	if n := in.memo.names[f]; n != nil {
		return n
	}
	if in.memo.names == nil {
		in.memo.names = map[*facts.RepoFile]*fileName{}
	}
	if dir := f.Dir(); !in.memo.dir.known || in.memo.dir.path != dir {
		in.memo.dir = dirName{path: dir, known: true, site: siteIn(dir), exercise: exerciseDir(dir)}
	}
	words := fold(stem(f.Path))
	joined := strings.Join(words, "")
	n := &fileName{algorithm: algorithmOf(words, joined), structure: structureOf(words, joined)}
	if valueWord(words) {
		n.algorithm = ""
	}
	if !component(f.Path) && !speaksOfApp(words) {
		n.site = in.memo.dir.site
		if n.site == "" {
			n.site = siteIn(f.Base())
		}
	}
	n.exercise = n.site != "" || n.algorithm != "" || n.structure != nil || in.memo.dir.exercise || holds(f, facts.KindPractice)
	in.memo.names[f] = n
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

// trigrams tells the texts that hold none of a set of words of three letters and more: a text that passes may hold one.
type trigrams [512]uint64

func (t *trigrams) add(word string) {
	at := trigram(word[0], word[1], word[2])
	t[at>>6] |= 1 << (at & 63)
}

func (t *trigrams) pass(text string) bool {
	for i := 2; i < len(text); i++ {
		if at := trigram(text[i-2], text[i-1], text[i]); t[at>>6]&(1<<(at&63)) != 0 {
			return true
		}
	}
	return false
}

func trigram(a, b, c byte) uint { return uint(a&31)<<10 | uint(b&31)<<5 | uint(c&31) }
