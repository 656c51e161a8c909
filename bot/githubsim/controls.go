package githubsim

import (
	"net/http"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
)

// person is somebody who can be chosen on a page to act.
type person struct{ Login, Role string }

// people are those who have a role in a repository: first those who may push, for they are the ones whose repository it mostly is.
func (s *Sim) people(r *Repo) []person {
	var out []person
	for _, a := range s.accounts {
		if a.kind == kindUser {
			if role := r.roleOf(a); role != "" {
				out = append(out, person{a.login, role})
			}
		}
	}
	order := []string{"write", "maintain", "admin", "triage", "read"}
	sort.Slice(out, func(i, j int) bool {
		a, b := slices.Index(order, out[i].Role), slices.Index(order, out[j].Role)
		return a < b || a == b && out[i].Login < out[j].Login
	})
	return out
}

var openBox = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?m)^\s*- \[ \] (.+?)\s*(?:<!--.*-->)?\s*$`) })

// boxes are the texts of the boxes in an issue that can be ticked.
func boxes(body string) []string {
	var out []string
	for _, m := range openBox().FindAllStringSubmatch(body, -1) {
		out = append(out, m[1])
	}
	return out
}

// act does on an issue or pull request what a person does with the mouse: it comments, ticks a box, closes, opens again, merges.
func (s *Sim) act(w http.ResponseWriter, q *http.Request, r *Repo) {
	n, _ := strconv.Atoi(q.PathValue("number"))
	i, by := r.issues[n], s.accounts[strings.ToLower(q.PostFormValue("as"))]
	if i == nil || by == nil || r.roleOf(by) == "" {
		http.NotFound(w, q)
		return
	}
	what, box, _ := strings.Cut(q.PostFormValue("do"), ":")
	text := strings.TrimSpace(strings.ReplaceAll(q.PostFormValue("text"), "\r\n", "\n"))
	mayWrite := ranks[r.roleOf(by)] >= ranks["write"]
	switch {
	case r.archived:
		http.Error(w, "This repository is archived: nothing in it changes.", http.StatusForbidden)
		return
	case what != "comment" && !mayWrite && (what == "merge" || i.author != by):
		http.Error(w, by.login+" may not do that here: it takes the right to write.", http.StatusForbidden)
		return
	case len(text) > 65536:
		http.Error(w, "A comment has at most 65,536 characters; write a shorter one.", http.StatusUnprocessableEntity)
		return
	case text != "":
		s.comment(r, i, by, nil, text)
	}
	switch {
	case what == "tick":
		s.tick(r, i, by, "- [ ] "+box)
	case what == "close":
		s.setOpen(r, i, by, false, "completed")
	case what == "reopen":
		s.setOpen(r, i, by, true, "reopened")
	case what == "merge" && i.pull != nil && i.open:
		if _, err := s.mergePull(r, i, by, "merge"); err != nil {
			http.Error(w, err.Error(), http.StatusConflict)
			return
		}
	}
	kind := "issues"
	if i.pull != nil {
		kind = "pull"
	}
	http.Redirect(w, q, "/"+r.fullName()+"/"+kind+"/"+strconv.Itoa(n)+"?answer=soon", http.StatusSeeOther)
}
