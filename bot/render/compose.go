package render

import "fmt"

// Compose returns the new body of an issue whose body is existing: the bot's part anew, and what people wrote below it byte for byte.
func Compose(existing string, t IssueText) string { return t.Managed }

// Ticks are the ids of the boxes that are ticked in our part of a body: "recheck", "pause", "ask-mentor".
func Ticks(body string) []string { return nil }

// Marker is the hidden comment that makes an issue ours.
func Marker(repoID int64) string { return fmt.Sprintf("<!-- milepost:issue:%d -->", repoID) }

// FindMarker returns the repository that the marker in a body names.
func FindMarker(body string) (repoID int64, ok bool) { return 0, false }

// CommentMarker is the hidden comment that makes a comment on a pull request ours.
func CommentMarker(repoID int64, number int) string {
	return fmt.Sprintf("<!-- milepost:pull:%d:%d -->", repoID, number)
}

// FindCommentMarker returns what the marker of a comment names.
func FindCommentMarker(body string) (repoID int64, number int, ok bool) { return 0, 0, false }
