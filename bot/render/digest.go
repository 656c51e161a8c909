package render

// Digest renders the weekly summary for mentors.
func Digest(in DigestInput) (title, body string) { return "", "" }
