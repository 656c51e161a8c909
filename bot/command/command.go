// Package command reads what people tell the bot in comments. It only parses: who may do what is decided elsewhere.
package command

// Verbs are the commands there are.
var Verbs = []string{"help", "recheck", "why", "skip", "unskip", "evidence", "approve", "revoke", "pause", "resume"}

// Command is one line addressed to the bot.
type Command struct {
	Verb      string // lower case; any word, also one that is not in Verbs
	Milestone string // id, lower case, for the verbs that name one
	Text      string // the rest of the line: a reason, a path, a note, a time
	Raw       string // the line
}

// Parse returns the commands of a comment, at most five.
func Parse(body string) []Command { return nil }
