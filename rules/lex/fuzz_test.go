package lex

import (
	"bytes"
	"testing"
)

// FuzzSplit checks the invariants of the views on any bytes in any language.
func FuzzSplit(f *testing.F) {
	for _, cases := range [][]splitCase{scriptCases, classCases, systemCases, dynamicCases, dataCases} {
		for _, c := range cases {
			src, _ := unmark(c.marked)
			f.Add(uint8(c.lang), []byte(src))
		}
	}
	for _, src := range []string{"\"", "'", "`${", "\\", "<<A", "<<~'", "<<<A\n", "R\"(", "$$", "/*", "{", "#{", "<a", "<a>{", "<script", "<%", "<?php", "?>", "\xff\x00\r", "%w(", "~s", "[[", "@doc \"", "f'{a:", "$$\"\"\"{{"} {
		for l := range languageCount {
			f.Add(uint8(l), []byte(src))
		}
	}
	f.Fuzz(func(t *testing.T, l uint8, src []byte) {
		var v Views
		given := bytes.Clone(src)
		Split(Language(l)%languageCount, src, &v)
		if !bytes.Equal(given, src) {
			t.Fatal("the source was changed")
		}
		checkViews(t, src, &v)
	})
}
