package lex

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// Views are three masks of one source. Each is exactly as long as the source,
// and every byte that does not belong to the view is a space; '\n' and '\r' are
// kept in all of them, so that offsets and line numbers agree with the source.
//
// Code holds the program with its quotes but without what is between them,
// Strings what is between the quotes, Comments whole comments with their
// markers. Markup (text around PHP, templates, JSX text) is in none.
//
// The zero value is ready for Split. The slices belong to the Views and are
// overwritten by the next Split into it.
type Views struct {
	Code, Strings, Comments []byte
	Lines                   Lines
	// Starts are the offsets at which lines start: 0, and after each '\n'.
	Starts []int
}

// Lines counts the lines of a source. Total is the sum of the others.
type Lines struct {
	Total   int // lines; a last line without a newline counts when it is not empty
	Code    int // with at least one byte of code or string
	Comment int // with a comment and nothing else
	Blank   int // white space alone
	Markup  int // with text that is neither code, string nor comment
}

var bom = []byte("\xef\xbb\xbf")

// spaces is the block from which blanks are copied.
var spaces = strings.Repeat(" ", 4096)

// Split fills v from src, reusing its buffers. It takes any bytes: invalid
// UTF-8, NUL, unterminated strings. The time is linear in len(src).
func Split(lang Language, src []byte, v *Views) {
	n := len(src)
	v.Code, v.Strings, v.Comments = resize(v.Code, n), resize(v.Strings, n), resize(v.Comments, n)
	copy(v.Code, src)
	v.Starts = blankOut(v.Strings, src, v.Starts[:0])
	copy(v.Comments, v.Strings)
	s := splitter{
		src: src, code: v.Code, strs: v.Strings, coms: v.Comments, n: n,
		syn:    syntaxOf(lang),
		budget: lookAheadFactor * (n + 1024),
		sig:    -1,
	}
	s.file()
	v.Lines = countLines(src, v)
}

// roomy is the least size of a buffer in bytes: most sources fit.
const roomy = 64 << 10

func resize(b []byte, n int) []byte {
	if cap(b) < n {
		return make([]byte, n, max(n, 2*cap(b), roomy)) // files come in all sizes, and what is not written costs nothing
	}
	return b[:n]
}

// blankOut fills dst with spaces and the line ends of src, and appends the offsets at which lines start.
func blankOut(dst, src []byte, starts []int) []int {
	for i := 0; i < len(dst); {
		i += copy(dst[i:], spaces)
	}
	starts = append(starts, 0)
	for i := 0; ; {
		j := bytes.IndexByte(src[i:], '\n')
		if j < 0 {
			break
		}
		i += j + 1
		dst[i-1] = '\n'
		starts = append(starts, i)
	}
	if bytes.IndexByte(src, '\r') >= 0 {
		keep(dst, src, '\r')
	}
	return starts
}

// keep writes c to dst wherever src has it.
func keep(dst, src []byte, c byte) {
	for i := 0; ; i++ {
		j := bytes.IndexByte(src[i:], c)
		if j < 0 {
			return
		}
		i += j
		dst[i] = c
	}
}

func countLines(src []byte, v *Views) Lines {
	var l Lines
	for n, i := range v.Starts {
		end := len(src)
		if n+1 < len(v.Starts) {
			end = v.Starts[n+1] - 1
		} else if i == end {
			break // nothing after the last newline
		}
		l.Total++
		switch {
		case !blank(v.Code[i:end]) || !blank(v.Strings[i:end]):
			l.Code++
		case !blank(v.Comments[i:end]):
			l.Comment++
		case blank(bytes.TrimPrefix(src[i:end], bom)):
			l.Blank++
		default:
			l.Markup++
		}
	}
	return l
}

// blank reports whether b has no byte above the space. Eight bytes are looked
// at together: adding 0x5f to seven bits carries into the eighth from 0x21 on.
func blank(b []byte) bool {
	const low, add, high = 0x7f7f7f7f7f7f7f7f, 0x5f5f5f5f5f5f5f5f, 0x8080808080808080
	for len(b) >= 8 {
		w := binary.LittleEndian.Uint64(b)
		if ((w&low)+add|w)&high != 0 {
			return false
		}
		b = b[8:]
	}
	for _, c := range b {
		if c > ' ' {
			return false
		}
	}
	return true
}
