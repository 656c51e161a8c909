package rules

import "milepost/rules/words"

// What texts are chosen by, for those who need no more of package words.
type (
	// Stack is what a repository is built with, as far as texts depend on it.
	Stack = words.Stack
	// Text is a text by stack, framework or tool.
	Text = words.Text
	// Starter is a file that a learner may begin with.
	Starter = words.Starter
)

// StackNamed is the stack of a name, of a language or a framework, with the words that are usual there, for texts about no particular repository.
func StackNamed(name string) Stack { return words.Named(name) }
