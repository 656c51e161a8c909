package evaluate_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"milepost/bot/evaluate/flowtest"
	"milepost/bot/githubsim"
	"milepost/storage"
)

// school is an organisation with a learner's repository and everybody who may write in it.
type school struct {
	*flowtest.World
	org    *githubsim.Account
	repo   *githubsim.Repo
	people map[string]*githubsim.Account
}

func newSchool(t *testing.T) *school {
	t.Helper()
	w := flowtest.New(t, flowtest.Options{NotInstalled: true})
	s := &school{World: w, people: map[string]*githubsim.Account{"learner": w.Owner}}
	for _, login := range []string{"boss", "reader", "outsider", "mona", "tom"} {
		s.people[login] = w.Sim.AddUser(login, "", "")
	}
	s.org = w.Sim.AddOrg("academy", s.people["boss"])
	w.Sim.AddTeam(s.org, "mentors", s.people["tom"])
	s.repo = w.Sim.CreateRepo(s.org, "shop-ada", githubsim.RepoOptions{})
	w.Sim.SetCollaborator(s.repo, w.Owner, "write")
	w.Sim.SetCollaborator(s.repo, s.people["reader"], "read")
	s.people["bot"] = w.Sim.CreateApp(githubsim.AppOptions{Owner: s.people["boss"], Name: "Other"}).Bot()
	w.Sim.PushFiles(s.repo, "", w.Owner, "start", with(starter(), ".github/milepost.yml", "mentors:\n  - Mona\n  - \"@academy/mentors\"\n", "docs/licence.md", "MIT\n"))
	w.Inst = w.Sim.Install(w.App, s.org)
	w.Settle()
	w.Issue(s.repo)
	return s
}

// answer is what the bot did about a comment.
type answer struct {
	reactions []string
	replies   []string
}

// say lets a person comment under the progress issue, and returns the answer.
func (s *school) say(who, text string) answer {
	s.TB.Helper()
	n := s.Issue(s.repo).Number
	id := s.Sim.Comment(s.repo, s.people[who], n, text)
	s.Settle()
	return s.answerTo(n, id)
}

func (s *school) answerTo(issue int, id int64) answer {
	s.TB.Helper()
	var out answer
	info, _ := s.Sim.Issue(s.repo, issue)
	after := false
	for _, c := range info.Comments {
		if c.ID == id {
			out.reactions, after = c.Reactions, true
		} else if after && c.Author == s.App.Slug+"[bot]" {
			out.replies = append(out.replies, c.Body)
		}
	}
	return out
}

func TestCommandsByEachKindOfPerson(t *testing.T) {
	t.Parallel()
	type verb struct {
		text    string
		mentors bool // only mentors may
		all     bool // everybody may
		silent  bool // a reaction is all there is to say
	}
	verbs := []verb{
		{text: "/milepost help", all: true},
		{text: "/milepost why dockerfile", all: true},
		{text: "/milepost recheck", silent: true},
		{text: "/milepost evidence license docs/licence.md"},
		{text: "/milepost approve license Seen in class.", mentors: true},
		{text: "/milepost revoke license", mentors: true},
		{text: "/milepost skip license it is private"},
		{text: "/milepost unskip license"},
		{text: "/milepost pause 3d"},
		{text: "/milepost resume"},
	}
	for who, can := range map[string]struct{ write, mentor bool }{
		"learner": {write: true}, "reader": {}, "outsider": {}, "mona": {mentor: true}, "tom": {mentor: true}, "boss": {write: true, mentor: true},
	} {
		t.Run(who, func(t *testing.T) {
			t.Parallel()
			s := newSchool(t)
			for _, v := range verbs {
				got := s.say(who, v.text)
				allowed := v.all || can.mentor || can.write && !v.mentors
				want, replies := "+1", 1
				if !allowed {
					want = "confused"
				} else if v.silent {
					replies = 0
				}
				if !slices.Equal(got.reactions, []string{want}) {
					t.Errorf("%s: reactions %v, want %s", v.text, got.reactions, want)
				}
				if len(got.replies) != replies {
					t.Errorf("%s: %d replies, want %d: %q", v.text, len(got.replies), replies, got.replies)
				}
				if !allowed && len(got.replies) == 1 && !strings.Contains(got.replies[0], "Thank you") {
					t.Errorf("%s: the refusal is not polite: %q", v.text, got.replies[0])
				}
				s.check(v.text, allowed)
			}
		})
	}
}

// check looks for the effect of a command.
func (s *school) check(text string, allowed bool) {
	s.TB.Helper()
	ctx := context.Background()
	report := s.Report(s.repo)
	license, _ := report.Milestone("license")
	row := s.Repo(s.repo)
	var got bool
	switch strings.Fields(text)[1] {
	case "evidence":
		claims, err := s.Store.EvidenceClaims(ctx, s.repo.ID())
		if err != nil {
			s.TB.Fatal(err)
		}
		got = len(claims) == 1 && claims[0].Target == "docs/licence.md"
	case "approve":
		got = license.Status == "attested"
	case "revoke":
		if license.Status == "attested" {
			s.TB.Error("revoked, and still attested")
		}
		return
	case "skip":
		got = license.Status == "skipped"
	case "unskip":
		if license.Status == "skipped" {
			s.TB.Error("unskipped, and still skipped")
		}
		return
	case "pause":
		got = !row.PausedUntil.IsZero()
	case "resume":
		if !row.PausedUntil.IsZero() {
			s.TB.Error("resumed, and still paused")
		}
		return
	default:
		return
	}
	if got != allowed {
		s.TB.Errorf("%s: done %v, allowed %v", text, got, allowed)
	}
}

func TestWhatIsNoCommand(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	s.Sim.ResetCalls()
	for who, text := range map[string]string{
		"bot":     "/milepost pause",
		"learner": "> /milepost pause\n\nWhat does this do? `/milepost pause`",
		"boss":    "milepost pause",
	} {
		if got := s.say(who, text); len(got.reactions)+len(got.replies) > 0 {
			t.Errorf("%s: %q was answered: %+v", who, text, got)
		}
	}
	// Our own words, which quote commands, and a comment that is edited into a command later.
	s.say(s.quote("/milepost resume"), "/milepost resume")
	id := s.Sim.Comment(s.repo, s.Owner, s.Issue(s.repo).Number, "Hello")
	s.Settle()
	s.Sim.EditComment(s.repo, s.Owner, id, "/milepost pause")
	s.Settle()
	if log := s.Sim.CallLog(); len(log) > 0 {
		t.Errorf("calls: %v", log)
	}
	if !s.Repo(s.repo).PausedUntil.IsZero() {
		t.Error("paused")
	}
}

// quote makes our own bot a person of the school.
func (s *school) quote(string) string {
	s.people["ourselves"] = s.App.Bot()
	return "ourselves"
}

func TestOddCommands(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	for text, want := range map[string]string{
		"/MilePost WHY Dockerfile":             "Dockerfile",
		"/milepost why dockerfle":              "dockerfile",
		"/milepost why":                        "ID",
		"/milepost frobnicate":                 "no command",
		"/milepost skip license":               "reason",
		"/milepost pause yesterday":            "pause",
		"/milepost why readme\n/milepost help": "recheck",
	} {
		got := s.say("learner", text)
		if len(got.reactions) != 1 || len(got.replies) != 1 {
			t.Errorf("%q: %+v", text, got)
			continue
		}
		if !strings.Contains(got.replies[0], want) {
			t.Errorf("%q: answered %q", text, got.replies[0])
		}
	}
}

// TestCommandsAreAnsweredOnce: redeliveries, lost answers and lost calls at each step.
func TestCommandsAreAnsweredOnce(t *testing.T) {
	t.Parallel()
	for _, landed := range []bool{true, false} {
		for _, route := range []string{"/reactions", "/comments", "/permission"} {
			t.Run(fmt.Sprintf("%s landed %v", route[1:], landed), func(t *testing.T) {
				t.Parallel()
				s := newSchool(t)
				failed := false
				s.Sim.Fail(func(r *http.Request) githubsim.Fault {
					if !failed && strings.HasSuffix(r.URL.Path, route) && (route == "/permission" || r.Method == http.MethodPost) {
						failed = true
						return githubsim.Fault{Kind: githubsim.FaultStatus, Landed: landed}
					}
					return githubsim.Fault{}
				})
				n := s.Issue(s.repo).Number
				id := s.Sim.Comment(s.repo, s.people["mona"], n, "/milepost approve license Seen.")
				s.Settle()
				for _, d := range s.Sim.Deliveries() {
					if d.Event == "issue_comment" {
						s.Sim.Redeliver(d.ID)
					}
				}
				s.Settle()
				if got := s.answerTo(n, id); len(got.reactions) != 1 || len(got.replies) != 1 {
					t.Errorf("%+v", got)
				}
				offs, err := s.Store.SignOffs(context.Background(), s.repo.ID())
				if err != nil || len(offs) != 1 {
					t.Errorf("%d sign-offs, %v", len(offs), err)
				}
				if !failed {
					t.Error("the call was not made")
				}
			})
		}
	}
}

// TestOnceOnABusyIssue: the reply is found again behind a hundred comments.
func TestOnceOnABusyIssue(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	n := s.Issue(s.repo).Number
	for i := range 105 {
		s.Sim.Comment(s.repo, s.people["reader"], n, fmt.Sprintf("Talk %d", i))
	}
	s.Settle()
	var failed atomic.Bool
	s.Sim.Fail(func(r *http.Request) githubsim.Fault {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/comments") && failed.CompareAndSwap(false, true) {
			return githubsim.Fault{Kind: githubsim.FaultStatus, Landed: true}
		}
		return githubsim.Fault{}
	})
	if got := s.say("mona", "/milepost approve license Seen."); len(got.replies) != 1 || !failed.Load() {
		t.Errorf("%d replies: %v", len(got.replies), got.replies)
	}
}

func TestLearnerCannotApprove(t *testing.T) {
	t.Parallel()
	w, repo := started(t, flowtest.Options{}) // the owner of the account is admin, and the learner
	w.Sim.PushFiles(repo, "", w.Owner, "mentor", map[string]string{".github/milepost.yml": "mentors: [ada]\n"})
	w.Settle()
	w.Sim.Comment(repo, w.Owner, w.Issue(repo).Number, "/milepost approve license trust me")
	w.Settle()
	report := w.Report(repo)
	if m, _ := report.Milestone("license"); m.Status == "attested" {
		t.Error("a learner approved their own work")
	}
}

// TestLearnerCannotApproveAsSomebodyElse: the configuration names another learner for as long as the approval takes.
func TestLearnerCannotApproveAsSomebodyElse(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	s.Sim.SetCollaborator(s.repo, s.people["reader"], "write")
	s.Sim.PushFiles(s.repo, "", s.people["reader"], "a helping hand", map[string]string{"help.js": "help()\n"})
	s.Settle()
	configure := func(learner string) {
		s.Sim.PushFiles(s.repo, "", s.Owner, "learner", map[string]string{".github/milepost.yml": "learner: " + learner + "\nmentors: [ada]\n"})
		s.Settle()
	}
	configure("reader")
	if got := s.say("learner", "/milepost approve license trust me"); !slices.Equal(got.reactions, []string{"+1"}) {
		t.Fatalf("the approval was not taken: %v", got)
	}
	configure("ada")
	report := s.Report(s.repo)
	if m, _ := report.Milestone("license"); m.Status == "attested" || s.Repo(s.repo).Learner != "ada" {
		t.Errorf("%s signed off own work: %s", s.Repo(s.repo).Learner, m.Status)
	}
}

// TestNamedLearnerIsNoAuthor: a stranger's name in the configuration is not followed, and the issue says so.
func TestNamedLearnerIsNoAuthor(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	s.Sim.PushFiles(s.repo, "", s.Owner, "learner", map[string]string{".github/milepost.yml": "learner: outsider\npublic: true\n"})
	s.Settle()
	if got := s.Repo(s.repo).Learner; got != "ada" {
		t.Errorf("the learner is %q", got)
	}
	if body := s.Issue(s.repo).Body; !strings.Contains(body, "names outsider as the learner") {
		t.Errorf("the issue does not say so:\n%s", body)
	}
}

// TestSignOffOnTheDashboard: the dashboard writes the sign-off and asks for a run; the issue tells at once.
func TestSignOffOnTheDashboard(t *testing.T) {
	t.Parallel()
	w, repo := started(t, flowtest.Options{})
	w.Sim.ResetCalls()
	checked := w.Repo(repo).CheckedAt
	ctx := context.Background()
	if _, err := w.Store.AddSignOff(ctx, storage.SignOff{RepoID: repo.ID(), Milestone: "license", Mentor: "mona", Note: "Seen.", At: w.Clock.Now()}); err != nil {
		t.Fatal(err)
	}
	if err := w.Store.Enqueue(ctx, storage.Wish{Key: flowtest.Key(repo), Priority: storage.PriorityHigh}); err != nil {
		t.Fatal(err)
	}
	w.Settle()
	report := w.Report(repo)
	if m, _ := report.Milestone("license"); m.Status != "attested" || !strings.Contains(w.Issue(repo).Body, "mona") {
		t.Errorf("license is %s", m.Status)
	}
	if n := w.Sim.Calls()["GET /repos/{owner}/{repo}/git/trees/{tree_sha}"]; n != 0 && w.Clock.Now().Sub(checked) < 10*time.Second { // later the check is no longer fresh
		t.Errorf("the files were read %d times", n)
	}
}

// TestSkippingIsNotPraised: a step is complete for those who earned it.
func TestSkippingIsNotPraised(t *testing.T) {
	t.Parallel()
	w, repo := started(t, flowtest.Options{})
	n := w.Issue(repo).Number
	praised := func() (n int) {
		for _, c := range w.Issue(repo).Comments {
			n += strings.Count(c.Body, "Step complete")
		}
		return n
	}
	say := func(text, change string, praise int) {
		t.Helper()
		w.Sim.Comment(repo, w.Owner, n, text)
		w.Settle()
		if body := w.Issue(repo).Body; !strings.Contains(body, change) || praised() != praise {
			t.Errorf("%s: %d times praised, want %d; %q in\n%s", text, praised(), praise, change, body)
		}
	}
	push(w, repo)
	push(w, repo)
	say("/milepost skip ci-workflow not in this course", "**Run a workflow** is skipped", 0)
	say("/milepost unskip ci-workflow", "**Run a workflow** counts again", 0)
	push(w, repo)
	if praised() != 1 {
		t.Errorf("%d times praised for a step that was earned", praised())
	}
}

// TestSignOffIsSaidAndTakenBack: a sign-off is a mentor's doing, and what a mentor takes back leaves no loss behind.
func TestSignOffIsSaidAndTakenBack(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	earned := func() bool {
		all, err := s.Store.Earned(t.Context(), s.repo.ID())
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(all, func(e storage.Earned) bool { return e.Milestone == "license" })
	}
	s.say("mona", "/milepost approve license Seen.")
	if body := s.Issue(s.repo).Body; !earned() || !strings.Contains(body, "**Choose a licence** was signed off by mona\n") {
		t.Errorf("the sign-off is not said:\n%s", body)
	}
	if got := s.say("mona", "/milepost revoke license"); !strings.Contains(got.replies[0], "took the sign-off") {
		t.Errorf("answered %q", got.replies)
	}
	if body := s.Issue(s.repo).Body; earned() || strings.Contains(body, "Needs attention") || !strings.Contains(body, "the sign-off of **Choose a licence** was taken back") {
		t.Errorf("still earned: %v\n%s", earned(), body)
	}
	if got := s.say("mona", "/milepost revoke license"); !strings.Contains(got.replies[0], "nothing to take back") {
		t.Errorf("answered %q", got.replies)
	}
	s.say("mona", "/milepost approve license Seen.")
	s.Sim.PushFiles(s.repo, "", s.Owner, "licence", map[string]string{"LICENSE": "MIT\n"})
	s.Settle()
	s.say("mona", "/milepost revoke license")
	s.Sim.Push(s.repo, "", s.Owner, githubsim.Commit{Message: "lost", Delete: []string{"LICENSE"}})
	s.Settle()
	if body := s.Issue(s.repo).Body; !earned() || !strings.Contains(body, "Needs attention") {
		t.Errorf("what was in a commit is no longer on record:\n%s", body)
	}
}

func TestCommandsThatChangeNothing(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	for text, want := range map[string]string{
		"/milepost evidence license src/nosuch.js":      "no file or folder",
		"/milepost evidence license docs/licence.md#L1": "Noted",
		"/milepost evidence license docs":               "Noted",
		"/milepost evidence license https://a.example":  "Noted",
		"/milepost unskip license":                      "is not skipped",
		"/milepost resume":                              "is not paused",
	} {
		if got := s.say("learner", text); len(got.replies) != 1 || !strings.Contains(got.replies[0], want) {
			t.Errorf("%s: answered %q, want %q", text, got.replies, want)
		}
	}
	claims, err := s.Store.EvidenceClaims(t.Context(), s.repo.ID())
	if err != nil || len(claims) != 3 {
		t.Errorf("%d claims, %v", len(claims), err)
	}
}

// TestEvidenceThatIsThere: a path may have in it what elsewhere is the place in a file.
func TestEvidenceThatIsThere(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	s.Sim.PushFiles(s.repo, "", s.Owner, "more", map[string]string{"C#/Program.cs": "x\n", "src/x.go": "x\n", "notes#2.md": "x\n", "log:10": "x\n"})
	s.Settle()
	for path, there := range map[string]bool{
		"C#/Program.cs": true, "C#/Program.cs#L3": true, "C#": true, "./C#/": true, "notes#2.md": true, "log:10": true, "src/x.go:10": true, "src/x.go:10:5": true,
		"src/x.go:10-20": true, "src/x.go#L10-L20": true, "C": false, "C#/Other.cs": false, "src/x.go:a": false, "log": false, "#L1": false,
	} {
		want := "no file or folder"
		if there {
			want = "Noted"
		}
		if got := s.say("learner", "/milepost evidence license "+path); len(got.replies) != 1 || !strings.Contains(got.replies[0], want) {
			t.Errorf("%s: answered %q, want %q", path, got.replies, want)
		}
	}
}

// TestEvidenceInATruncatedTree: of files that GitHub does not list nothing is known to be missing, also when they are judged from what is stored.
func TestEvidenceInATruncatedTree(t *testing.T) {
	t.Parallel()
	w := flowtest.New(t, flowtest.Options{Sim: func(o *githubsim.Options) { o.TreeLimit = 2 }})
	w.Sim.Fail(func(r *http.Request) githubsim.Fault {
		if strings.Contains(r.URL.Path, "/tarball/") {
			return githubsim.Fault{Kind: githubsim.FaultStatus, Status: http.StatusNotFound}
		}
		return githubsim.Fault{}
	})
	repo := w.Sim.CreateRepo(w.Owner, "shop", githubsim.RepoOptions{})
	w.Sim.PushFiles(repo, "", w.Owner, "start", starter())
	w.Settle()
	w.Sim.Comment(repo, w.Owner, w.Issue(repo).Number, "/milepost evidence license zoo/licence.md")
	w.Settle()
	claims, err := w.Store.EvidenceClaims(t.Context(), repo.ID())
	if err != nil || len(claims) != 1 {
		t.Errorf("%d claims, %v", len(claims), err)
	}
	report := w.Report(repo)
	if m, _ := report.Milestone("dockerfile"); m.Status != "unknown" {
		t.Errorf("dockerfile is %s", m.Status)
	}
}

// TestSkipOfWhatIsDone: a skip applies only to what is not done.
func TestSkipOfWhatIsDone(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	s.say("mona", "/milepost approve license Seen.")
	for _, id := range []string{"readme", "license"} {
		if got := s.say("learner", "/milepost skip "+id+" learned"); len(got.replies) != 1 || !strings.Contains(got.replies[0], "done already") {
			t.Errorf("%s: answered %q", id, got.replies)
		}
	}
	skips, err := s.Store.Skips(t.Context(), s.repo.ID())
	if err != nil || len(skips) != 0 {
		t.Errorf("%d skips, %v", len(skips), err)
	}
}
