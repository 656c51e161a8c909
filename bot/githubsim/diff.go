package githubsim

import (
	"bytes"
	"fmt"
	"strings"
)

const (
	maxDiffLines = 4000
	diffContext  = 3
)

// lineOp is one line of a comparison: ' ' kept, '-' removed, '+' added.
type lineOp struct {
	op   byte
	text string
}

// compareLines is the shortest edit between two lists of lines (Myers' greedy algorithm), after
// what both start and end with was set aside.
func compareLines(a, b []string) []lineOp {
	pre := 0
	for pre < len(a) && pre < len(b) && a[pre] == b[pre] {
		pre++
	}
	post := 0
	for post < len(a)-pre && post < len(b)-pre && a[len(a)-1-post] == b[len(b)-1-post] {
		post++
	}
	var out []lineOp
	for _, l := range a[:pre] {
		out = append(out, lineOp{' ', l})
	}
	out = append(out, editScript(a[pre:len(a)-post], b[pre:len(b)-post])...)
	for _, l := range a[len(a)-post:] {
		out = append(out, lineOp{' ', l})
	}
	return out
}

func editScript(a, b []string) []lineOp {
	n, m := len(a), len(b)
	// Very different texts are shown as replaced: the exact script is not worth its cost.
	const maxEdits = 400
	limit := min(n+m, maxEdits)
	v := make([]int, 2*limit+2)
	var trace [][]int
	found := -1
	for d := 0; d <= limit && found < 0; d++ {
		trace = append(trace, append([]int(nil), v...))
		for k := -d; k <= d; k += 2 {
			var x int
			if k == -d || (k != d && v[limit+k-1] < v[limit+k+1]) {
				x = v[limit+k+1]
			} else {
				x = v[limit+k-1] + 1
			}
			y := x - k
			for x < n && y < m && a[x] == b[y] {
				x, y = x+1, y+1
			}
			v[limit+k] = x
			if x >= n && y >= m {
				found = d
				break
			}
		}
	}
	if found < 0 {
		return replaceAll(a, b)
	}
	return backtrack(a, b, trace, found, limit)
}

func replaceAll(a, b []string) []lineOp {
	out := make([]lineOp, 0, len(a)+len(b))
	for _, l := range a {
		out = append(out, lineOp{'-', l})
	}
	for _, l := range b {
		out = append(out, lineOp{'+', l})
	}
	return out
}

func backtrack(a, b []string, trace [][]int, d, limit int) []lineOp {
	x, y := len(a), len(b)
	var rev []lineOp
	for ; d > 0; d-- {
		v := trace[d]
		k := x - y
		prev := k - 1
		if k == -d || (k != d && v[limit+k-1] < v[limit+k+1]) {
			prev = k + 1
		}
		px := v[limit+prev]
		py := px - prev
		for x > px && y > py {
			x, y = x-1, y-1
			rev = append(rev, lineOp{' ', a[x]})
		}
		if x > px {
			x--
			rev = append(rev, lineOp{'-', a[x]})
		} else if y > py {
			y--
			rev = append(rev, lineOp{'+', b[y]})
		}
	}
	for x > 0 && y > 0 {
		x, y = x-1, y-1
		rev = append(rev, lineOp{' ', a[x]})
	}
	for i, j := 0, len(rev)-1; i < j; i, j = i+1, j-1 {
		rev[i], rev[j] = rev[j], rev[i]
	}
	return rev
}

func splitLines(b []byte) []string {
	if len(b) == 0 {
		return nil
	}
	s := strings.TrimSuffix(string(b), "\n")
	return strings.Split(s, "\n")
}

func isBinary(b []byte) bool { return bytes.IndexByte(b[:min(len(b), 8000)], 0) >= 0 }

// patch is the unified diff of two texts as GitHub gives it for a file (without
// file headers), with the numbers of added and removed lines. It is empty for
// binary and very long files.
func patch(from, to []byte) (text string, added, removed int) {
	if isBinary(from) || isBinary(to) {
		return "", 0, 0
	}
	a, b := splitLines(from), splitLines(to)
	if len(a)+len(b) > maxDiffLines {
		return "", len(b), len(a)
	}
	ops := compareLines(a, b)
	for _, o := range ops {
		switch o.op {
		case '+':
			added++
		case '-':
			removed++
		}
	}
	return strings.TrimSuffix(hunks(ops), "\n"), added, removed
}

// hunks writes the changed regions with their context.
func hunks(ops []lineOp) string {
	var out strings.Builder
	for i := 0; i < len(ops); {
		if ops[i].op == ' ' {
			i++
			continue
		}
		from := max(0, i-diffContext)
		to, quiet := i, 0
		for to < len(ops) && quiet <= 2*diffContext {
			if ops[to].op == ' ' {
				quiet++
			} else {
				quiet = 0
			}
			to++
		}
		to -= max(0, quiet-diffContext)
		writeHunk(&out, ops, from, to)
		i = to
	}
	return out.String()
}

func writeHunk(out *strings.Builder, ops []lineOp, from, to int) {
	oldStart, newStart := 1, 1
	for _, o := range ops[:from] {
		if o.op != '+' {
			oldStart++
		}
		if o.op != '-' {
			newStart++
		}
	}
	oldLen, newLen := 0, 0
	for _, o := range ops[from:to] {
		if o.op != '+' {
			oldLen++
		}
		if o.op != '-' {
			newLen++
		}
	}
	if oldLen == 0 {
		oldStart--
	}
	if newLen == 0 {
		newStart--
	}
	fmt.Fprintf(out, "@@ -%s +%s @@\n", span(oldStart, oldLen), span(newStart, newLen))
	for _, o := range ops[from:to] {
		out.WriteByte(o.op)
		out.WriteString(o.text)
		out.WriteByte('\n')
	}
}

func span(start, length int) string {
	if length == 1 {
		return fmt.Sprint(start)
	}
	return fmt.Sprintf("%d,%d", start, length)
}
