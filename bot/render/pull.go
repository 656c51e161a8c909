package render

// CheckRunText is what a check run says.
type CheckRunText struct {
	Title       string // up to 60 characters
	Summary     string
	Text        string
	Conclusion  string // "success", "neutral" or "failure"
	Annotations []Annotation
	Actions     []Action // up to three
}

// Annotation is a remark on lines of a file that the pull request touches.
type Annotation struct {
	Path               string
	StartLine, EndLine int
	Level              string // "notice", "warning" or "failure"
	Title, Message     string
}

// Action is a button of a check run.
type Action struct{ Label, Description, Identifier string }

// CheckRun renders what a pull request gains and loses.
func CheckRun(in PullInput) CheckRunText { return CheckRunText{Conclusion: "success"} }

// CommentText is the one comment on a pull request.
type CommentText struct {
	Body   string
	Hash   string
	Wanted bool // whether there is anything to say
}

// Comment renders the comment on a pull request; previous says that there is one already.
func Comment(in PullInput, previous bool) CommentText { return CommentText{} }
