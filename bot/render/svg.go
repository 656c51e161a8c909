package render

import "milepost/rules"

// CardInput is what a portfolio card shows.
type CardInput struct {
	Name       string // the learner's
	Roadmap    string // the roadmap's title
	Met, Total int
	Steps      []CardStep
}

// CardStep is a step on a card.
type CardStep struct {
	Title      string
	Met, Total int
}

// Badge is a flat badge for READMEs.
func Badge(label, message, colour string) []byte { return nil }

// BadgeOf is the badge of a report.
func BadgeOf(s rules.Summary) []byte { return nil }

// Card is a learner's portfolio as a picture.
func Card(in CardInput) []byte { return nil }
