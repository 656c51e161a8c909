// Package lex shows source text as code without comments and strings, and
// strings without code, so that a rule can look for app.get( without being
// fooled by a comment, and for SQL where SQL is written.
package lex
