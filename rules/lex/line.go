package lex

import (
	"bytes"
	"sort"
)

// LineOf returns the 1-based line of the byte at off. An offset outside src
// counts as the nearest one inside. Use a LineIndex for more than a few look-ups.
func LineOf(src []byte, off int) int {
	return 1 + bytes.Count(src[:min(max(off, 0), len(src))], []byte{'\n'})
}

// LineIndex answers which line an offset of one source is on. The zero value is
// the index of an empty source.
type LineIndex struct {
	starts []int // offsets of the lines after the first
	size   int
}

// NewLineIndex returns the index of src.
func NewLineIndex(src []byte) *LineIndex {
	x := new(LineIndex)
	x.Reset(src)
	return x
}

// Reset makes x the index of src, reusing its memory.
func (x *LineIndex) Reset(src []byte) {
	x.starts, x.size = x.starts[:0], len(src)
	for i := 0; ; i++ {
		j := bytes.IndexByte(src[i:], '\n')
		if j < 0 {
			return
		}
		i += j
		x.starts = append(x.starts, i+1)
	}
}

// Line returns the 1-based line of the byte at off; offsets outside the source
// count as the nearest one inside.
func (x *LineIndex) Line(off int) int {
	return 1 + sort.SearchInts(x.starts, off+1)
}

// Column returns the 1-based column, in bytes, of the byte at off.
func (x *LineIndex) Column(off int) int {
	off = min(max(off, 0), x.size)
	start, _ := x.Span(x.Line(off))
	return off - start + 1
}

// Span returns the offsets of the first byte of a 1-based line and of the byte
// after its last, without its '\n'. A line that is not there is empty, at the end.
func (x *LineIndex) Span(line int) (start, end int) {
	if line < 1 || line > len(x.starts)+1 {
		return x.size, x.size
	}
	if line > 1 {
		start = x.starts[line-2]
	}
	if line-1 < len(x.starts) {
		return start, x.starts[line-1] - 1
	}
	return start, x.size
}
