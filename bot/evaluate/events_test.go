package evaluate

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"milepost/bot/webhook"
	"milepost/storage"
)

// kept is an intake's store that remembers the last delivery.
type kept struct{ storage.Delivery }

// Accept implements webhook.Acceptor.
func (k *kept) Accept(_ context.Context, d storage.Delivery) (bool, error) {
	k.Delivery = d
	return false, nil
}

// taken is what the intake keeps of one of its payloads.
func taken(t *testing.T, file string) storage.StoredDelivery {
	t.Helper()
	body, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var box kept
	h, err := webhook.New(webhook.Config{Secrets: []string{"secret"}, Store: &box})
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, []byte("secret"))
	_, _ = mac.Write(body)
	event, _, _ := strings.Cut(filepath.Base(file), ".")
	r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
	r.Header.Set("X-GitHub-Event", event)
	r.Header.Set("X-GitHub-Delivery", "1")
	r.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	w := httptest.NewRecorder()
	if h.ServeHTTP(w, r); w.Code != http.StatusAccepted {
		t.Fatalf("%s: %d", file, w.Code)
	}
	return storage.StoredDelivery{Delivery: box.Delivery}
}

// TestIntakeAndReaderAgree: what the intake keeps of a payload has the types that are read here.
func TestIntakeAndReaderAgree(t *testing.T) {
	t.Parallel()
	folder := filepath.Join("..", "webhook", "testdata")
	files, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil || len(files) < 8 {
		t.Fatalf("payloads %v: %v", files, err)
	}
	for _, file := range files {
		d := taken(t, file)
		var err error
		switch {
		case len(d.Fields) == 0:
		case d.Mailbox.Kind == storage.KindInstall:
			err = json.Unmarshal(d.Fields, &installDelivery{})
		default:
			err = json.Unmarshal(d.Fields, &delivery{})
		}
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(file), err)
		}
	}
	read := func(name string) delivery {
		t.Helper()
		return decode(taken(t, filepath.Join(folder, name+".json")))
	}
	if d := read("push"); d.HeadCommit == nil || d.HeadCommit.TreeID == "" || len(d.Commits) == 0 || d.Commits[0].Message == "" || !d.Forced || d.Repository.FullName != "ada/shop" {
		t.Errorf("push: %+v", d)
	}
	if d := read("issues.edited"); d.Changes == nil || len(d.Changes.Body) == 0 || d.Issue.PullRequest != nil || !d.Issue.User.Bot() || d.bot() {
		t.Errorf("issues: %+v", d)
	}
	if d := read("issues.edited.progress"); !strings.Contains(d.Changes.bodyBefore(), "- [ ]") || d.Issue.Body == "" {
		t.Errorf("edit of the progress issue: %+v", d.Changes)
	}
	if d := read("issue_comment.created"); d.Comment.Body != "/milepost skip docker — \"no server\"\r\n" || d.Issue.PullRequest == nil {
		t.Errorf("comment: %+v", d)
	}
	if d := read("pull_request.edited"); d.Changes.Base == nil || d.PullRequest.Head.Repo != nil || d.PullRequest.Head.SHA == "" {
		t.Errorf("pull request: %+v", d)
	}
	if d := read("pull_request.opened"); d.Changes != nil && d.Changes.Base != nil || !d.PullRequest.FromFork() {
		t.Errorf("pull request: %+v", d)
	}
	if d := read("check_run.requested_action"); d.CheckRun.HeadSHA == "" || d.CheckRun.App.ID == 0 || d.Requested.Identifier != "explain" {
		t.Errorf("check run: %+v", d)
	}
	var in installDelivery
	if err := json.Unmarshal(taken(t, filepath.Join(folder, "installation.created.json")).Fields, &in); err != nil || len(in.Repositories) != 2 || in.Installation.SuspendedAt != nil || len(in.Installation.Permissions) == 0 {
		t.Errorf("installation: %+v (%v)", in, err)
	}
}
