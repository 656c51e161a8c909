// Package facts holds what was found in the files of a repository, apart from what any roadmap makes of it.
//
// A [File] is everything that is known about the content of one blob: its language, its line counts and a flat list of
// [Fact] values. It depends on the content and on the kind of file only, never on the rest of the repository, so it can be
// kept by blob id and used again in every commit, branch and fork that has the same blob. A [Repo] joins the files of one
// snapshot, with the roles that their paths give them, and answers the questions of the probes.
//
// Facts come from scanners. A scanner names the literals that must be near what it looks for; one pass over the file finds
// the literals of all scanners and patterns at once, and only the places found are looked at closely.
package facts

import (
	"milepost/rules/lex"
	"milepost/rules/manifest"
)

// Kind names what a Fact states. The kinds and the meaning of the other fields stand with the scanners that emit them.
type Kind string

// Fact is one thing found at one place of a file. What Name, Value and Scope mean depends on Kind; all are short (see
// maxText) and come from the file, so they are hostile text to whoever shows them.
type Fact struct {
	Kind  Kind   `json:"k"`
	Name  string `json:"n,omitempty"`
	Value string `json:"v,omitempty"`
	Scope string `json:"s,omitempty"`
	Line  int    `json:"l,omitempty"` // 1-based; 0 where a line means nothing
	End   int    `json:"e,omitempty"` // last line, 0 means Line
}

// LastLine is the last line the fact covers.
func (f Fact) LastLine() int { return max(f.Line, f.End) }

// File is what one blob holds, whatever repository it is in.
type File struct {
	Lang lex.Language `json:"lang,omitempty"`
	// Generated is set where the content itself says that a tool wrote it, or where it is minified.
	Generated bool `json:"gen,omitempty"`
	// Binary is set where the content is no text.
	Binary bool `json:"bin,omitempty"`
	// Placeholder is set where the file is empty or holds a lone placeholder line.
	Placeholder bool `json:"ph,omitempty"`
	// Size is the content's length in bytes.
	Size int32 `json:"size,omitempty"`
	// Lines are counted for source code only.
	Lines lex.Lines `json:"lines,omitzero"`
	Facts []Fact    `json:"facts,omitempty"`
	// Manifest is set for dependency manifests; ManifestErr says why one could not be read in full.
	Manifest    *manifest.Manifest `json:"manifest,omitempty"`
	ManifestErr string             `json:"manifest_err,omitempty"`
}

// Bounds on what a single file may contribute, so that a hostile file costs a bounded amount of memory.
const (
	maxText         = 160  // bytes of a Name, Value or Scope
	maxFactsPerKind = 24   // facts of one kind and name in a file
	maxFacts        = 2000 // facts in a file
)

// Version changes whenever scanners change what they emit, so that stored facts of older programs are not used. It is part
// of every stored fact's key.
const Version = "9"
