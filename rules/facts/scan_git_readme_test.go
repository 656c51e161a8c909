package facts

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// readmeFacts are the facts of a README as "name value (scope)", sections and links left out unless asked for.
func readmeFacts(name, content string, names ...string) []string {
	var out []string
	for _, f := range NewScanner(nil).Scan(name, []byte(content)).Facts {
		if f.Kind != KindReadme {
			continue
		}
		for _, n := range names {
			if f.Name == n {
				line := n + " " + f.Value
				if f.Scope != "" {
					line += " (" + f.Scope + ")"
				}
				out = append(out, line)
			}
		}
	}
	return out
}

func TestReadme(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, file, content string
		want                []string
	}{
		{"title only", "README.md", "# todo-api\n", []string{"words 0"}},
		{"empty name", "readme", "Keeps a list of books to read.\n", []string{"words 7", "purpose Keeps a list of books to read."}},
		{
			"code, badges and addresses are no prose", "README.md",
			"# Shop\n\n[![build](https://x/b.svg)](https://x)\n\nA small shop. See [the notes](https://example.com/very/long) or https://example.org/a b.\n\n```sh\nnpm install\n```\n",
			[]string{"words 8", "purpose A small shop. See the notes or b.", "topic install"},
		},
		{
			"table cells and list items are prose", "README.md",
			"# Shop\n\nSells things to people online.\n\n## Endpoints\n\n| Method | Path |\n| --- | --- |\n| GET | /items |\n\n- lists items\n",
			[]string{"words 11", "purpose Sells things to people online.", "topic endpoints"},
		},
		{
			"what is left to do is no purpose", "README.md", "## TODO\n\n- tests\n- product rating and review\n",
			[]string{"words 5"},
		},
		{
			"needs are no purpose", "README.md", "# shop\n\n## Running the app\n\nThis app needs some environment variables, see the example file.\n",
			[]string{"words 10", "topic install"},
		},
		{
			"steps are no purpose", "README.md", "# app\n\n## Installation\n\nInstall the packages with pip first.\n",
			[]string{"words 6", "topic install"},
		},
		{
			"a heading with nothing below announces nothing", "README.md", "# app\n\nStores notes of the whole team.\n\n## Usage\n\n## Installation\n",
			[]string{"words 6", "purpose Stores notes of the whole team."},
		},
		{
			"commands outside code are steps and no purpose", "README.md", "# queue\n\ndocker\n\ndocker compose up\n\ncelery -A app.queue.worker worker --loglevel=info\n",
			[]string{"words 9", "topic install"},
		},
		{
			"links are no purpose", "README.md", "# boats\n\n***Links to the other files of this project.***\n",
			[]string{"words 8"},
		},
		{
			"settings to make", "README.md", "# boats\n\nKeeps a list of the boats.\n\nRequirements\n- Add the connection string to the services\n",
			[]string{"words 14", "purpose Keeps a list of the boats.", "topic configuration"},
		},
		{
			"features describe", "README.md", "# app\n\n## Features\n\n- users can create short links\n",
			[]string{"words 5", "purpose users can create short links (feature)"},
		},
		{
			"HTML text is prose", "README.md", "<h1 align=\"center\">Chat</h1>\n<p align=\"center\">\n  Talk to friends in <b>rooms</b>.\n</p>\n<pre>not this</pre>\n",
			[]string{"words 5", "purpose Talk to friends in rooms."},
		},
		{
			"Portuguese", "README.md", "# API\n\nUma API para gerenciar tarefas.\n\n## Como executar\n\nUse o comando abaixo.\n",
			[]string{"words 9", "purpose Uma API para gerenciar tarefas.", "topic install"},
		},
		{
			"Chinese", "README.md", "# 博客\n\n这是一个用于写博客的系统。\n\n## 安装\n\n见文档。\n",
			[]string{"words 8", "purpose 这是一个用于写博客的系统。", "topic install"},
		},
		{
			"Laravel's own text", "README.md",
			"## About Laravel\n\nLaravel is a web application framework with expressive, elegant syntax.\n\n- [Simple, fast routing engine](https://laravel.com/docs/routing).\n\n## License\n\nThe Laravel framework is open-sourced software licensed under MIT.\n",
			[]string{"words 0", "template Laravel"},
		},
		{
			"own text beside a template's", "README.md",
			"# Shelf\n\nKeeps track of borrowed books.\n\n# Getting Started with Create React App\n\nThis project was bootstrapped with [Create React App](https://x).\n\nRuns the app in the development mode.\\\nOpen it.\n",
			[]string{"words 5", "template Create React App", "purpose Keeps track of borrowed books.", "topic install"},
		},
		{
			"reStructuredText", "README.rst",
			"Notes\n=====\n\nStores notes for a team of people.\n\nInstallation\n------------\n\n.. code-block:: sh\n\n   pip install notes\n\nSee `the docs <https://x>`_ too.\n",
			[]string{"words 11", "purpose Stores notes for a team of people.", "topic install"},
		},
		{
			"AsciiDoc", "README.adoc", "= Notes\n:toc: left\n\nStores notes for a team of people.\n\n== Run\n\n----\n./gradlew bootRun\n----\n",
			[]string{"words 7", "purpose Stores notes for a team of people.", "topic install"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if d := cmp.Diff(tt.want, readmeFacts(tt.file, tt.content, "words", "template", "purpose", "topic")); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestReadmeLinks(t *testing.T) {
	t.Parallel()
	got := readmeFacts("README.md", "# A\n\n**[LIVE PREVIEW](https://app.dotos.tech/)**\n\nDemo: https://a.example.com.\n\n## Live\n\n[here](https://b.example.com)\n\n<a href=\"https://c.example.com\">Try it</a>\n\n[local](docs/x.md)\n", "link")
	want := []string{
		"link https://app.dotos.tech/ (LIVE PREVIEW)", "link https://a.example.com (Demo)", "link https://b.example.com (Live here)", "link https://c.example.com (Try it)",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestReadmeHostile reads what would make nesting deep; the readers' bounds keep it a matter of milliseconds, and the test's own
// time limit would tell otherwise.
func TestReadmeHostile(t *testing.T) {
	t.Parallel()
	for _, unit := range []string{">", "- ", "* > ", "[", "![", "*", "`", "<a ", "1. ", "| ", "http://", "<h1>", "[a](", "&"} {
		NewScanner(nil).Scan("README.md", []byte(strings.Repeat(unit, maxReadme/len(unit))))
		NewScanner(nil).Scan("README.md", []byte(strings.Repeat(unit+"\n", 20_000)))
		NewScanner(nil).Scan("README.md", []byte(strings.Repeat(strings.Repeat(unit, 20)+"\n", 2_000)))
	}
}

func FuzzReadme(f *testing.F) {
	f.Add("README.md", "# a\n\n> - [b](http://c) `d`\n\n<p>e</p>\n")
	f.Add("README.rst", "a\n=\n\n.. code::\n\n  b\n\n`c <d>`_\n")
	f.Add("README.adoc", "= a\nhttp://b[c]\n----\n")
	f.Add("README.org", "* a\n#+BEGIN_SRC\n")
	f.Fuzz(func(_ *testing.T, name, content string) {
		NewScanner(nil).Scan("README"+name, []byte(content))
	})
}
