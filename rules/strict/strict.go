// Package strict decodes YAML documents that people write by hand, and says exactly what is wrong with them.
//
// Unknown keys, wrong types and duplicate keys are faults with a line, a column and, where a known key is near, a suggestion.
// All faults of a document are reported at once. Aliases are refused and documents are bounded, so that no small file can cost
// much. The tags are those of yaml ("yaml:\"name\"").
package strict

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// MaxSize is the largest document in bytes that Decode takes.
const MaxSize = 512 << 10

const (
	maxFaults = 20
	maxDepth  = 60
	maxNodes  = 60_000
)

// Fault is one thing that is wrong with a document.
type Fault struct { //nolint:errname // a document has faults
	File         string
	Line, Column int // 1-based; 0 when the document as a whole is meant
	Msg          string
}

// Error returns "file:line:column: message".
func (f Fault) Error() string {
	if f.Line == 0 {
		return fmt.Sprintf("%s: %s", f.File, f.Msg)
	}
	return fmt.Sprintf("%s:%d:%d: %s", f.File, f.Line, f.Column, f.Msg)
}

// Faults are all that is wrong with a document, in the order of its lines.
type Faults []Fault //nolint:errname // as above

// Error joins the faults, a line each.
func (fs Faults) Error() string {
	lines := make([]string, 0, len(fs))
	for _, f := range fs {
		lines = append(lines, f.Error())
	}
	return strings.Join(lines, "\n")
}

// Unmarshaler is a type with a shape of its own, such as a scalar that stands for a map.
type Unmarshaler interface {
	UnmarshalStrict(d *Decoder, n *yaml.Node)
}

// Decoder walks one document.
type Decoder struct {
	file   string
	faults Faults
	depth  int
	nodes  int
}

// Decode reads the one YAML document in data into v, a pointer to a struct. The error is of type [Faults]; v then holds what could be read.
func Decode(file string, data []byte, v any) error {
	d := &Decoder{file: file}
	if len(data) > MaxSize {
		return Faults{{File: file, Msg: fmt.Sprintf("the file is larger than %d kB; split or shorten it", MaxSize>>10)}}
	}
	var doc yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(data))
	if err := dec.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return nil // an empty document sets nothing
		}
		return Faults{syntaxFault(file, err)}
	}
	var more yaml.Node
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		d.Faultf(&more, "one document is expected; remove what follows the second ---")
	}
	if len(doc.Content) > 0 {
		d.Value(doc.Content[0], reflect.ValueOf(v).Elem())
	}
	return d.result()
}

func (d *Decoder) result() error {
	if len(d.faults) == 0 {
		return nil
	}
	slices.SortStableFunc(d.faults, func(a, b Fault) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	return d.faults
}

// syntaxFault takes the line out of the parser's message ("yaml: line 3: ...").
func syntaxFault(file string, err error) Fault {
	msg := strings.TrimPrefix(err.Error(), "yaml: ")
	f := Fault{File: file, Msg: "this is not valid YAML: " + msg}
	if rest, ok := strings.CutPrefix(msg, "line "); ok {
		num, text, _ := strings.Cut(rest, ":")
		if n, err := strconv.Atoi(num); err == nil {
			f.Line, f.Column, f.Msg = n, 1, "this is not valid YAML: "+strings.TrimSpace(text)
		}
	}
	return f
}

// Faultf reports what is wrong at n.
func (d *Decoder) Faultf(n *yaml.Node, format string, args ...any) {
	if len(d.faults) < maxFaults {
		d.faults = append(d.faults, Fault{File: d.file, Line: n.Line, Column: n.Column, Msg: fmt.Sprintf(format, args...)})
	}
}

// Value decodes n into v.
func (d *Decoder) Value(n *yaml.Node, v reflect.Value) {
	d.depth++
	d.nodes++
	defer func() { d.depth-- }()
	switch {
	case d.depth > maxDepth:
		d.Faultf(n, "this is nested too deeply")
		return
	case d.nodes == maxNodes+1:
		d.Faultf(n, "the file has more than %d values; shorten it", maxNodes)
		return
	case d.nodes > maxNodes:
		return
	case n.Kind == yaml.AliasNode:
		d.Faultf(n, "aliases (*name) are not supported here; write the value out")
		return
	}
	if v.CanAddr() {
		if u, ok := v.Addr().Interface().(Unmarshaler); ok {
			u.UnmarshalStrict(d, n)
			return
		}
	}
	d.byKind(n, v)
}

func (d *Decoder) byKind(n *yaml.Node, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		d.Value(n, v.Elem())
	case reflect.Struct:
		d.structure(n, v)
	case reflect.Map:
		d.mapping(n, v)
	case reflect.Slice:
		d.list(n, v)
	case reflect.String:
		if d.scalar(n, "a text") {
			v.SetString(n.Value)
		}
	case reflect.Bool:
		d.boolean(n, v)
	case reflect.Int, reflect.Int64:
		i, err := strconv.ParseInt(n.Value, 10, 32)
		if n.Kind != yaml.ScalarNode || err != nil {
			d.Faultf(n, "a whole number is expected here, not %s", describe(n))
			return
		}
		v.SetInt(i)
	default:
		panic("strict: cannot decode into " + v.Type().String()) // a mistake in the program, not in the document
	}
}

func (d *Decoder) boolean(n *yaml.Node, v reflect.Value) {
	switch strings.ToLower(n.Value) {
	case "true", "yes", "on":
		v.SetBool(true)
	case "false", "no", "off":
		v.SetBool(false)
	default:
		d.Faultf(n, "true or false is expected here, not %s", describe(n))
	}
}

func (d *Decoder) scalar(n *yaml.Node, want string) bool {
	if n.Kind != yaml.ScalarNode {
		d.Faultf(n, "%s is expected here, not %s", want, describe(n))
		return false
	}
	return true
}

func (d *Decoder) structure(n *yaml.Node, v reflect.Value) {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return
	}
	if n.Kind != yaml.MappingNode {
		d.Faultf(n, "keys with values are expected here (%s), not %s", strings.Join(keysOf(v.Type()), ", "), describe(n))
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, val := n.Content[i], n.Content[i+1]
		name := key.Value
		field, ok := fieldByKey(v, name)
		switch {
		case key.Kind != yaml.ScalarNode:
			d.Faultf(key, "a key must be a plain word")
		case seen[name]:
			d.Faultf(key, "%q is given twice; keep one", name)
		case !ok:
			d.Faultf(key, "unknown key %q%s", name, suggestion(name, keysOf(v.Type())))
		default:
			d.Value(val, field)
		}
		seen[name] = true
	}
}

func (d *Decoder) mapping(n *yaml.Node, v reflect.Value) {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return
	}
	if n.Kind != yaml.MappingNode {
		d.Faultf(n, "keys with values are expected here, not %s", describe(n))
		return
	}
	if v.IsNil() {
		v.Set(reflect.MakeMap(v.Type()))
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, val := n.Content[i], n.Content[i+1]
		k := reflect.ValueOf(key.Value).Convert(v.Type().Key())
		if v.MapIndex(k).IsValid() {
			d.Faultf(key, "%q is given twice; keep one", key.Value)
			continue
		}
		elem := reflect.New(v.Type().Elem()).Elem()
		d.Value(val, elem)
		v.SetMapIndex(k, elem)
	}
}

func (d *Decoder) list(n *yaml.Node, v reflect.Value) {
	switch n.Kind {
	case yaml.SequenceNode:
		for _, c := range n.Content {
			elem := reflect.New(v.Type().Elem()).Elem()
			d.Value(c, elem)
			v.Set(reflect.Append(v, elem))
		}
	case yaml.ScalarNode:
		if n.Tag == "!!null" {
			return
		}
		if v.Type().Elem().Kind() == reflect.String { // one value may stand for a list of one
			v.Set(reflect.Append(v, reflect.ValueOf(n.Value).Convert(v.Type().Elem())))
			return
		}
		d.Faultf(n, "a list is expected here, not %s", describe(n))
	default:
		d.Faultf(n, "a list is expected here, not %s", describe(n))
	}
}

func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "keys with values"
	case yaml.SequenceNode:
		return "a list"
	case yaml.ScalarNode:
		if n.Tag == "!!null" {
			return "nothing"
		}
		v := n.Value
		if len(v) > 40 {
			v = v[:40] + "..."
		}
		return strconv.Quote(v)
	default:
		return "this"
	}
}

// keyOf is the key of a field: its yaml tag, or "" for none. Embedded structs are looked into by their own fields.
func keyOf(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	if name == "-" {
		return ""
	}
	return name
}

func keysOf(t reflect.Type) []string {
	var keys []string
	for i := range t.NumField() {
		if k := keyOf(t.Field(i)); k != "" {
			keys = append(keys, k)
		}
	}
	return keys
}

func fieldByKey(v reflect.Value, key string) (reflect.Value, bool) {
	for i := range v.NumField() {
		if k := keyOf(v.Type().Field(i)); k != "" && k == key {
			return v.Field(i), true
		}
	}
	return reflect.Value{}, false
}

// suggestion is `; did you mean "x"?` where a known name is near, else the list of the known ones.
func suggestion(name string, known []string) string {
	if near := Nearest(name, known); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	if len(known) == 0 || len(known) > 16 {
		return ""
	}
	return "; known are " + strings.Join(known, ", ")
}

// Nearest returns the candidate that is most like name, or "" if none is within a third of its letters.
func Nearest(name string, candidates []string) string {
	best, bestDist := "", len(name)/3+2
	for _, c := range candidates {
		if dist := distance(strings.ToLower(name), strings.ToLower(c)); dist < bestDist {
			best, bestDist = c, dist
		}
	}
	return best
}

// distance counts the edits (insert, delete, replace, swap of neighbours) that lead from a to b.
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	prev2, prev, cur := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], prev2[j-2]+1)
			}
		}
		prev2, prev, cur = prev, cur, prev2
	}
	return prev[len(b)]
}
