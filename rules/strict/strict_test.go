package strict_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"milepost/rules/strict"
)

type inner struct {
	Count int    `yaml:"count"`
	Name  string `yaml:"name"`
}

type document struct {
	Title string            `yaml:"title"`
	On    bool              `yaml:"on"`
	List  []string          `yaml:"list"`
	Inner *inner            `yaml:"inner"`
	Items []inner           `yaml:"items"`
	Map   map[string]inner  `yaml:"map"`
	Words map[string]string `yaml:"words"`
}

func TestDecode(t *testing.T) {
	t.Parallel()
	var got document
	err := strict.Decode("f.yml", []byte("title: x\non: yes\nlist: one\ninner: {count: 3}\nitems:\n  - name: a\nmap:\n  k: {count: 1}\nwords:\n  a: b\n"), &got)
	if err != nil {
		t.Fatal(err)
	}
	want := document{Title: "x", On: true, List: []string{"one"}, Inner: &inner{Count: 3}, Items: []inner{{Name: "a"}}, Map: map[string]inner{"k": {Count: 1}}, Words: map[string]string{"a": "b"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("decoded (-want +got):\n%s", diff)
	}
}

func TestFaultsAreAllReportedInOrder(t *testing.T) {
	t.Parallel()
	var got document
	err := strict.Decode("f.yml", []byte("titel: x\ninner:\n  count: many\n  colour: red\nlist: {a: b}\n---\nmore: 1\n"), &got)
	want := `f.yml:1:1: unknown key "titel"; did you mean "title"?
f.yml:3:10: a whole number is expected here, not "many"
f.yml:4:3: unknown key "colour"; known are count, name
f.yml:5:7: a list is expected here, not keys with values
f.yml:6:1: one document is expected; remove what follows the second ---`
	var faults strict.Faults
	if !errors.As(err, &faults) {
		t.Fatalf("error %v", err)
	}
	if diff := cmp.Diff(want, faults.Error()); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
}

func TestHostileDocumentsAreRefused(t *testing.T) {
	t.Parallel()
	bomb := "a: &a [x,x,x,x,x,x,x,x]\n"
	for i := 'b'; i < 'j'; i++ {
		bomb += string(i) + ": &" + string(i) + " [" + strings.Repeat("*"+string(i-1)+",", 8) + "]\n"
	}
	for name, in := range map[string]string{
		"bomb": bomb, "self": "a: &a [*a]\n", "deep": "list: " + strings.Repeat("[", 500) + strings.Repeat("]", 500), "large": "title: " + strings.Repeat("x", strict.MaxSize),
		"merge": "x: &x {count: 1}\ninner: {<<: *x}\n",
	} {
		var got document
		if err := strict.Decode("f.yml", []byte(in), &got); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	known := []string{"dockerfile", "docker-compose", "readme", "unit-tests"}
	for in, want := range map[string]string{"dokerfile": "dockerfile", "README": "readme", "unit-test": "unit-tests", "kubernetes": "", "": ""} {
		if got := strict.Nearest(in, known); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("title: x\nitems: [{count: 1}]"))
	f.Add([]byte("? [a]\n: b"))
	f.Fuzz(func(_ *testing.T, data []byte) {
		var d document
		_ = strict.Decode("f", data, &d) // must not panic or hang
	})
}
