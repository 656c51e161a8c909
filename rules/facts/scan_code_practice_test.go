package facts

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPractice(t *testing.T) {
	t.Parallel()
	tests := []struct {
		path, source string
		want         []string
	}{
		{"a.py", "# Time O(n log n)\ndef f(n):\n    \"\"\"Space: O(rows*cols).\"\"\"\n    return O(n)\n", []string{"complexity||O(n log n)||1-1", "complexity||O(rows*cols)||3-3"}},
		{"a.js", "// FOO(n) DAO(1) I/O(1)\nconst s = 'O(n)';\n// BigO(n^2)\n// time: o(n)\n", []string{"complexity||O(n^2)||3-3", "complexity||O(n)||4-4"}},
		{"a.java", "// https://leetcode.com/problems/two-sum/\n// LeetCode #20\n// https://leetcode.com/me\n// https://www.geeksforgeeks.org/how-to-x\n", []string{"practice|LeetCode|leetcode.com/problems/two-sum/||1-1", "practice|LeetCode|LeetCode #20||2-2"}},
		{"README.md", "[a](https://www.hackerrank.com/challenges/x/problem) and O(1)\n", []string{"practice|HackerRank|hackerrank.com/challenges/x/problem||1-1", "complexity||O(1)||1-1"}},
		{"a.cpp", "int mid = (low + high) / 2;\ndp[i] = dp[i-1] + 1;\ndp[0] = 1;\nhead->next = n;\nif (a->next == b) {}\n", []string{"technique|binary search|||1-1", "technique|dynamic programming|||2-2", "link-field|next|||4-4"}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, factsOf(tt.path, tt.source, KindComplexity, KindPractice, KindTechnique, KindLink)); diff != "" {
			t.Errorf("%s\n-want +got\n%s", tt.path, diff)
		}
	}
}
