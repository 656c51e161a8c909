package probe

import (
	"testing"

	"milepost/rules/facts"
)

func TestStemOf(t *testing.T) {
	t.Parallel()
	tests := []struct{ path, scope, want string }{
		{"/", "router", ""},
		{"/:id", "router", ""},
		{"api/v1/users/{id}", "UserController", "user"},
		{"/tasks", "app", "task"},
		{"/addTask", "app", "task"},
		{"/tasks/:id/complete", "app", "task"},
		{"/posts/:id/comments", "app", "post/comment"},
		{"/categories/<int:pk>/", "app", "category"},
		{"/", "PostDetail", "post"},
		{"/", "RetrieveUpdateDestroyPostAPIView", "post"},
		{"/", "def update_task", "task"},
		{"/users/create", "Route", "user"},
	}
	for _, tt := range tests {
		e := &endpoint{Hit: facts.Hit{Fact: &facts.Fact{Scope: tt.scope}}, Path: tt.path}
		if got := stemOf(e); got != tt.want {
			t.Errorf("stemOf(%q, %q) = %q, want %q", tt.path, tt.scope, got, tt.want)
		}
	}
}

func TestFilePath(t *testing.T) {
	t.Parallel()
	tests := []struct {
		file, want string
		ok         bool
	}{
		{"app/api/tasks/[id]/route.ts", "tasks/[id]", true},
		{"src/app/feed/route.ts", "feed", true},
		{"pages/api/users/index.js", "users", true},
		{"server/api/todos.post.ts", "todos", true},
		{"src/routes/api/x/+server.ts", "x", true},
		{"src/routes/users.js", "", false},
		{"lib/db.ts", "", false},
	}
	for _, tt := range tests {
		if got, ok := filePath(tt.file); got != tt.want || ok != tt.ok {
			t.Errorf("filePath(%q) = %q, %v, want %q, %v", tt.file, got, ok, tt.want, tt.ok)
		}
	}
}
