package main

import (
	"os"
	"testing"

	"milepost/rules"
)

// TestGeneratedFileIsCurrent fails when the YAML changed and `go generate ./rules/roadmaps` was not run.
func TestGeneratedFileIsCurrent(t *testing.T) {
	t.Parallel()
	r, err := rules.ParseDir(os.DirFS(".."), "backend")
	if err != nil {
		t.Fatal(err)
	}
	want, err := source(r, "backend")
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../backend_gen.go")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Error("backend_gen.go is older than the YAML; run `go generate ./rules/roadmaps`")
	}
}
