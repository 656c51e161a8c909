package web

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"milepost/rules"
)

const (
	pageSize = 50
	pageMost = 500
)

// query is what a list of learners was asked for; it lives in the address.
type query struct {
	scope
	Text, Lacks, Show string
	Sort              string
	Desc              bool
	Page, Per         int
	Unknown           string // a filter of the address that nobody knows, and that was left out
}

// Values of query.Show.
const (
	showAll        = ""
	showStarted    = "started"
	showNotStarted = "not-started"
)

// sorts are the columns that a list can be sorted by, beside "step-" and a step's id, and whether the first click sorts downwards.
var sorts = map[string]bool{"learner": false, "percent": true, "week": true, "month": true, "last": true}

// readQuery reads a list's address. What it does not know it leaves out, and says so.
func (p *plan) readQuery(v url.Values) query {
	q := query{scope: readScope(v), Text: cut(strings.TrimSpace(v.Get("q")), 100), Sort: v.Get("sort"), Show: v.Get("show"), Page: atoi(v.Get("page"), 1, 1_000_000), Per: atoi(v.Get("per_page"), pageSize, pageMost)}
	if id := v.Get("lacks"); id != "" {
		if _, ok := p.index[id]; ok {
			q.Lacks = id
		} else {
			q.Unknown = "There is no milestone “" + cut(id, 60) + "”"
		}
	}
	if q.Show != showAll && q.Show != showStarted && q.Show != showNotStarted {
		q.Show, q.Unknown = showAll, "Nothing can be shown by “"+cut(q.Show, 60)+"”"
	}
	if _, ok := sorts[q.Sort]; !ok && p.stepIndex(q.Sort) < 0 {
		q.Sort = "learner"
	}
	q.Desc = v.Get("dir") == "desc" || v.Get("dir") == "" && q.first(q.Sort)
	return q
}

// first is the direction in which a column sorts at first.
func (q query) first(column string) bool { return sorts[column] || strings.HasPrefix(column, "step-") }

// atoi reads a number from 1 up to most, or takes the default.
func atoi(s string, def, most int) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		return def
	}
	return min(n, most)
}

// Values writes the query back as an address.
func (q query) Values() url.Values {
	v := url.Values{}
	q.put(v)
	for k, s := range map[string]string{"q": q.Text, "lacks": q.Lacks, "show": q.Show} {
		if s != "" {
			v.Set(k, s)
		}
	}
	if q.Sort != "learner" || q.Desc {
		v.Set("sort", q.Sort)
		if q.Desc != q.first(q.Sort) {
			v.Set("dir", map[bool]string{true: "desc", false: "asc"}[q.Desc])
		}
	}
	if q.Page > 1 {
		v.Set("page", strconv.Itoa(q.Page))
	}
	return v
}

// Filters is the number of filters that are set.
func (q query) Filters() int {
	n := q.Set()
	for _, s := range []string{q.Text, q.Lacks, q.Show} {
		if s != "" {
			n++
		}
	}
	return n
}

// URL is the address of the list, sorted by a column: once more on the same column turns the direction round.
func (q query) URL(column string) string {
	if q.Sort == column {
		q.Desc = !q.Desc
	} else {
		q.Sort, q.Desc = column, q.first(column)
	}
	q.Page = 1
	return address("/learners", q.Values())
}

// PageURL is the address of another page of the list.
func (q query) PageURL(page int) string {
	q.Page = page
	return address("/learners", q.Values())
}

// Export is the address of the list as a file, all pages in one.
func (q query) Export(kind string) string {
	q.Page = 1
	return address("/learners."+kind, q.Values())
}

// Aria is the word of aria-sort for a column.
func (q query) Aria(column string) string {
	switch {
	case q.Sort != column:
		return "none"
	case q.Desc:
		return "descending"
	}
	return "ascending"
}

func address(path string, v url.Values) string {
	if len(v) == 0 {
		return path
	}
	return path + "?" + v.Encode()
}

// list applies the filters that are not the scope's, and sorting.
func (p *plan) list(all []*learner, q query) []*learner {
	text, place := strings.ToLower(q.Text), -1
	if q.Lacks != "" {
		place = p.index[q.Lacks]
	}
	out := slices.DeleteFunc(slices.Clone(all), func(l *learner) bool {
		switch {
		case text != "" && !strings.Contains(l.key, text) && !slices.ContainsFunc(l.Repos, func(e *entry) bool { return strings.Contains(e.name, text) }),
			place >= 0 && !lacks(l.Status[place]),
			q.Show == showStarted && !l.Started(), q.Show == showNotStarted && l.Started():
			return true
		}
		return false
	})
	step := p.stepIndex(q.Sort)
	less := func(a, b *learner) int {
		switch {
		case step >= 0:
			return cmp.Compare(share(a.Steps[step]), share(b.Steps[step]))
		case q.Sort == "percent":
			return cmp.Or(cmp.Compare(a.Percent, b.Percent), cmp.Compare(a.BonusMet, b.BonusMet))
		case q.Sort == "week":
			return cmp.Compare(a.Change7, b.Change7)
		case q.Sort == "month":
			return cmp.Compare(a.Change30, b.Change30)
		case q.Sort == "last":
			return a.Last.Compare(b.Last)
		}
		return strings.Compare(a.key, b.key)
	}
	slices.SortStableFunc(out, func(a, b *learner) int {
		n := less(a, b)
		if q.Desc {
			n = -n
		}
		if n == 0 {
			n = strings.Compare(a.key, b.key)
		}
		return n
	})
	return out
}

// lacks reports whether a milestone is one to be reached yet.
func lacks(s rules.Status) bool { return rank(s) >= 3 && rank(s) <= 5 }

func share(s stepCell) float64 {
	if s.Total == 0 {
		return 0
	}
	return float64(s.Met) / float64(s.Total)
}

// orgs are the owners that occur, in order.
func orgs(entries []*entry) []string {
	seen := map[string]bool{}
	var out []string
	for _, e := range entries {
		if !seen[e.repo.Owner] {
			seen[e.repo.Owner] = true
			out = append(out, e.repo.Owner)
		}
	}
	slices.Sort(out)
	return out
}

// listing is the list that a request asks for.
type listing struct {
	all, in *group // all that the person sees; those in scope
	bar     scopeBar
	q       query
	rows    []*learner
	shares  []int // by step: percent of those listed on whose way it is who have completed it
}

func (s *Server) listed(p *request) (out listing, err error) {
	if out.all, out.in, out.bar, err = p.group(); err != nil {
		return out, err
	}
	out.q = out.in.plan.readQuery(p.URL.Query())
	type answer struct {
		rows   []*learner
		shares []int
	}
	whole := out.q
	whole.Page, whole.Per, whole.scope = 0, 0, scope{} // the group's
	found := ask(out.in, whole, func() answer {
		rows := out.in.plan.list(out.in.learners, whole)
		return answer{rows, out.in.plan.shares(rows)}
	})
	out.rows, out.shares = found.rows, found.shares
	return out, nil
}

// shares are, by step, the percent of the learners on whose way it is who have completed it.
func (p *plan) shares(all []*learner) []int {
	out := make([]int, len(p.steps))
	for i := range out {
		done, walk := 0, 0
		for _, l := range all {
			switch l.Steps[i].Word {
			case wordDone:
				done++
				walk++
			case wordNone:
			default:
				walk++
			}
		}
		out[i] = tally{Have: done, Lack: walk - done}.Percent()
	}
	return out
}

// learnersPage is the cohort in one table.
func (s *Server) learnersPage(p *request) error {
	in, err := s.listed(p)
	if err != nil {
		return err
	}
	if err := p.offer(in.all, &in.bar); err != nil {
		return err
	}
	some, q, plan := in.rows, in.q, in.in.plan
	pages := max(1, (len(some)+pageSize-1)/pageSize)
	q.Page, q.Per = min(q.Page, pages), pageSize
	from := (q.Page - 1) * pageSize
	body := struct {
		Q           query
		Bar         scopeBar
		Rows        []*learner
		Steps       []rules.Step
		Only        []string // by step: the roadmaps that alone have it
		Shares      []int    // percent of the learners on whose way a step is who have completed it
		Lacks       []flatMilestone
		Found, All  int
		From, Until int
		Pages       int
		Name        func(*learner) string
	}{Q: q, Bar: in.bar, Rows: some[from:min(from+pageSize, len(some))], Steps: plan.steps, Only: plan.only, Shares: in.shares, Lacks: plan.flat, Found: len(some), All: len(in.all.learners),
		From: from + 1, Until: min(from+pageSize, len(some)), Pages: pages, Name: displayName}
	l := p.layout("Learners", "learners", body)
	l.Fresh, l.Wide, l.Scope = in.all.freshest(), true, in.bar.Scope.Query()
	return p.show("learners", l)
}

// learnersCSV is the list as a table for spreadsheets, with the steps and the status of each milestone.
func (s *Server) learnersCSV(p *request) error {
	in, err := s.listed(p)
	if err != nil {
		return err
	}
	h := p.w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="learners-`+s.cfg.Now().UTC().Format(time.DateOnly)+`.csv"`)
	w := csv.NewWriter(p.w)
	head := []string{"learner", "repositories", "started", "percent", "met", "total", "bonus_met", "bonus_total", "change_7_days", "change_30_days", "last_push", "last_check", "cohorts"}
	for _, st := range in.in.plan.steps {
		head = append(head, st.ID, st.ID+"_met", st.ID+"_total")
	}
	for _, m := range in.in.plan.flat {
		head = append(head, "milestone_"+m.ID)
	}
	_ = w.Write(head) // errors are kept until Flush
	for _, l := range in.rows {
		var repos []string
		for _, e := range l.Repos {
			repos = append(repos, e.repo.FullName())
		}
		row := []string{cell(l.Login), cell(strings.Join(repos, " ")), strconv.FormatBool(l.Started()), strconv.Itoa(l.Percent), strconv.Itoa(l.Met), strconv.Itoa(l.Total),
			strconv.Itoa(l.BonusMet), strconv.Itoa(l.BonusTotal), strconv.Itoa(l.Change7), strconv.Itoa(l.Change30), iso(l.Last), iso(l.Fresh), cell(strings.Join(l.cohorts(), " "))}
		for _, st := range l.Steps {
			if st.Word == wordNone {
				row = append(row, "", "", "")
				continue
			}
			row = append(row, st.Word, strconv.Itoa(st.Met), strconv.Itoa(st.Total))
		}
		for i := range in.in.plan.flat {
			status := l.Status[i]
			if status == off {
				status = ""
			}
			row = append(row, string(status))
		}
		_ = w.Write(row)
	}
	w.Flush()
	if err := w.Error(); err != nil {
		s.cfg.Log.InfoContext(p.Context(), "export was cut short", "error", err)
	}
	return nil
}

// cell keeps a text from being a formula in a spreadsheet.
func cell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

func iso(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// learnerJSON is a learner as the interface gives it.
type learnerJSON struct {
	Login        string     `json:"login"`
	Started      bool       `json:"started"`
	Summary      sumJSON    `json:"summary"`
	Change7      int        `json:"change_7_days"`
	Change30     int        `json:"change_30_days"`
	LastPush     *time.Time `json:"last_push"`
	LastCheck    *time.Time `json:"last_check"`
	Repositories []string   `json:"repositories"`
	Cohorts      []string   `json:"cohorts"`
	Steps        []stepJSON `json:"steps"`
}

type sumJSON struct {
	Met        int `json:"met"`
	Total      int `json:"total"`
	BonusMet   int `json:"bonus_met"`
	BonusTotal int `json:"bonus_total"`
	Percent    int `json:"percent"`
}

type stepJSON struct {
	ID     string `json:"id"`
	Title  string `json:"title"`
	Status string `json:"status"`
	Met    int    `json:"met"`
	Total  int    `json:"total"`
}

func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// json is the learner as the interface gives it.
func (l *learner) json() learnerJSON {
	out := learnerJSON{Login: l.Login, Started: l.Started(), Summary: sumJSON{l.Met, l.Total, l.BonusMet, l.BonusTotal, l.Percent}, Change7: l.Change7, Change30: l.Change30, LastPush: orNull(l.Last), LastCheck: orNull(l.Fresh),
		Repositories: []string{}, Cohorts: l.cohorts(), Steps: []stepJSON{}}
	for _, e := range l.Repos {
		out.Repositories = append(out.Repositories, e.repo.FullName())
	}
	for i, st := range l.Steps {
		if st.Word != wordNone {
			out.Steps = append(out.Steps, stepJSON{l.plan.steps[i].ID, l.plan.steps[i].Title, strings.ToLower(st.Word), st.Met, st.Total})
		}
	}
	return out
}

// cohorts are those of the learner's repositories, in order.
func (l *learner) cohorts() []string {
	out := []string{}
	for _, e := range l.Repos {
		if e.cohort != "" && !slices.Contains(out, e.cohort) {
			out = append(out, e.cohort)
		}
	}
	slices.Sort(out)
	return out
}

// learnersJSON is the list as a file.
func (s *Server) learnersJSON(p *request) error {
	in, err := s.listed(p)
	if err != nil {
		return err
	}
	out := make([]learnerJSON, 0, len(in.rows))
	for _, l := range in.rows {
		out = append(out, l.json())
	}
	p.w.Header().Set("Content-Disposition", `attachment; filename="learners-`+s.cfg.Now().UTC().Format(time.DateOnly)+`.json"`)
	return writeJSON(p.w, http.StatusOK, struct {
		Total    int           `json:"total"`
		Learners []learnerJSON `json:"learners"`
	}{len(out), out})
}

func writeJSON(w http.ResponseWriter, status int, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("web: encode answer: %w", err)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(append(data, '\n')) // a client that went away needs no answer
	return nil
}
