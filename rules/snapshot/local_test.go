package snapshot_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/google/go-cmp/cmp"

	"milepost/rules/snapshot"
)

// TestLocalGit reads refs and every object of a repository, loose and packed, and wants what go-git reads.
func TestLocalGit(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write(map[string]string{"README.md": "# One\n", "src/main.go": "package main\n"})
	r.add(".")
	first := r.commit("Add the start")
	tag, err := r.git.CreateTag("v1", first, &git.CreateTagOptions{Message: "The first", Tagger: &object.Signature{Name: "Ada", When: r.now}})
	if err != nil {
		t.Fatal(err)
	}
	packed := "# pack-refs with: peeled fully-peeled sorted\n" + first.String() + " refs/heads/main\n" + first.String() + " refs/heads/old\n" +
		first.String() + " refs/remotes/origin/main\n" + tag.Hash().String() + " refs/tags/v1\n^" + first.String() + "\n"
	write(t, r.dir, ".git/packed-refs", packed)
	r.write(map[string]string{"README.md": "# Two\n"})
	r.add(".")
	second := r.commit("Say more") // its loose ref hides the packed one

	all, err := r.git.Storer.IterEncodedObjects(plumbing.AnyObject)
	if err != nil {
		t.Fatal(err)
	}
	var objects []plumbing.EncodedObject
	if err := all.ForEach(func(o plumbing.EncodedObject) error { objects = append(objects, o); return nil }); err != nil {
		t.Fatal(err)
	}
	if len(objects) != 9 { // three files, three folders, two commits and a tag
		t.Fatalf("%d objects", len(objects))
	}
	for _, how := range []string{"loose", "packed", "with damaged refs"} {
		switch how {
		case "packed":
			if err := r.git.RepackObjects(&git.RepackConfig{}); err != nil {
				t.Fatal(err)
			}
		case "with damaged refs":
			write(t, r.dir, ".git/refs/heads/topic/broken", "nonsense\n")
			write(t, r.dir, ".git/refs/heads/main.lock", "")
		}
		local, err := snapshot.OpenLocalGit(filepath.Join(r.dir, "src")) // from inside the work tree
		if err != nil {
			t.Fatal(err)
		}
		refs, err := local.Refs()
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]string{"refs/heads/main": second.String(), "refs/heads/old": first.String(), "refs/tags/v1": tag.Hash().String()}
		if diff := cmp.Diff(want, refs); diff != "" {
			t.Errorf("%s: refs (-want +got)\n%s", how, diff)
		}
		if branch, commit, err := local.Head(); err != nil || branch != "main" || commit != second.String() {
			t.Errorf("%s: head %q %q %v", how, branch, commit, err)
		}
		for _, o := range objects {
			rd, err := o.Reader()
			if err != nil {
				t.Fatal(err)
			}
			theirs, err := io.ReadAll(rd)
			if err != nil {
				t.Fatal(err)
			}
			kind, ours, err := local.Object(o.Hash().String(), 1<<20)
			if err != nil || kind != o.Type().String() || string(ours) != string(theirs) {
				t.Errorf("%s: %s is a %s of %d bytes, not a %s of %d (%v)", how, o.Hash(), o.Type(), len(theirs), kind, len(ours), err)
			}
		}
		if _, _, err := local.Object(second.String(), 10); !errors.Is(err, snapshot.ErrTooLarge) {
			t.Errorf("%s: a commit of more than 10 bytes: %v", how, err)
		}
		if _, _, err := local.Object("0123456789012345678901234567890123456789", 10); !errors.Is(err, snapshot.ErrNotFound) {
			t.Errorf("%s: an unknown object: %v", how, err)
		}
	}
	if err := os.RemoveAll(filepath.Join(r.dir, ".git")); err != nil {
		t.Fatal(err)
	}
	if _, err := snapshot.OpenLocalGit(r.dir); !errors.Is(err, snapshot.ErrNoHistory) {
		t.Errorf("no repository: %v", err)
	}
}
