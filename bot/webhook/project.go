package webhook

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	maxDepth    = 10000 // as encoding/json has it
	maxElements = 10000 // of an array that is read
	maxRaw      = 8 << 10
)

// errSyntax: the payload is not JSON.
var errSyntax = errors.New("not valid JSON")

// kind is what is expected at the end of a path; see the table.
type kind byte

func (k kind) limit() int {
	switch k {
	case 't':
		return 300
	case 'm':
		return 64 << 10
	case 'o':
		return 400 << 10 // GitHub takes 65,536 characters: it is never cut
	default:
		return 1 << 10
	}
}

// Slots keep the few values that the handler itself looks at.
const (
	slotNone = iota
	slotAction
	slotRepo
	slotInstallation
	slotSenderType
	slots
)

// node is the set of fields read from one object.
type node struct {
	fields  []field
	lengths uint64 // bit n: some name has n bytes; most names of a payload end here
}

type field struct {
	name  string
	kind  kind   // 0 for an inner node
	node  *node  // for objects, and for the elements of an array
	array bool   // value is an array of node
	also  bool   // presence asked for, and a deeper path too: keep an object even if empty
	slot  int    // slotNone: none
	label []byte // "name":
}

// compile makes a tree of paths. It panics on a bad path: paths are constants, and a test compiles them all.
func compile(paths []string) *node {
	root := &node{}
	for _, p := range paths {
		path, k, ok := strings.Cut(p, ":")
		if !ok || len(k) != 1 || !strings.Contains("stmoibpre", k) { //nolint:gocritic // the kind is one of these letters
			panic("webhook: bad path " + p)
		}
		n := root
		parts := strings.Split(path, ".")
		for i, part := range parts {
			name, array := strings.CutSuffix(part, "[]")
			f := n.add(name)
			if i == len(parts)-1 {
				if f.node != nil || k == "p" && f.kind != 0 {
					f.also = true
				} else {
					f.kind = kind(k[0])
				}
				f.slot = slotOf(path)
				break
			}
			if f.node == nil {
				f.also = f.kind == 'p'
				f.kind, f.node, f.array = 0, &node{}, array
			}
			n = f.node
		}
	}
	return root
}

func slotOf(path string) int {
	switch path {
	case "action":
		return slotAction
	case "repository.id":
		return slotRepo
	case "installation.id":
		return slotInstallation
	case "sender.type":
		return slotSenderType
	}
	return slotNone
}

func (n *node) add(name string) *field {
	for i := range n.fields {
		if n.fields[i].name == name {
			return &n.fields[i]
		}
	}
	if len(n.fields) == 64 {
		panic("webhook: more than 64 fields in one object")
	}
	if len(name) > 63 {
		panic("webhook: long name " + name)
	}
	n.lengths |= 1 << len(name)
	n.fields = append(n.fields, field{name: name, label: []byte(strconv.Quote(name) + ":")})
	return &n.fields[len(n.fields)-1]
}

// find is the index of a name, or -1.
func (n *node) find(name []byte) int {
	if len(name) > 63 || n.lengths&(1<<len(name)) == 0 {
		return -1
	}
	for i := range n.fields {
		if f := n.fields[i].name; len(f) == len(name) && f == string(name) {
			return i
		}
	}
	return -1
}

// projection is what is left of a payload.
type projection struct {
	fields []byte // JSON object of the same shape, with nothing but the wanted fields
	slot   [slots][]byte
}

// project reads the fields of a tree out of a JSON object. It checks that all of data is valid JSON, but decodes nothing it does not need.
// Of a key that is there twice the last counts, as encoding/json has it.
func project(data []byte, tree *node) (projection, error) {
	s := scanner{data: data}
	s.out = make([]byte, 0, 1024)
	s.space()
	if s.pos >= len(data) || data[s.pos] != '{' {
		return projection{}, fmt.Errorf("%w: no object", errSyntax)
	}
	if err := s.object(tree, 1); err != nil {
		return projection{}, err
	}
	s.space()
	if s.pos != len(data) {
		return projection{}, s.bad()
	}
	if s.twice {
		return projectSlowly(data, tree)
	}
	return projection{fields: s.out, slot: s.slot}, nil
}

// key reads a member's name and the colon. A name with escapes is decoded.
func (s *scanner) key() ([]byte, error) {
	if s.next() != '"' {
		return nil, s.bad()
	}
	from := s.pos
	escaped, err := s.str()
	if err != nil {
		return nil, err
	}
	name := s.data[from+1 : s.pos-1]
	if escaped {
		var decoded string
		if err := json.Unmarshal(s.data[from:s.pos], &decoded); err != nil {
			return nil, s.bad()
		}
		name = []byte(decoded)
	}
	if s.next() != ':' {
		return nil, s.bad()
	}
	s.pos++
	return name, nil
}

// object copies the wanted members of the object that begins here.
func (s *scanner) object(n *node, depth int) error {
	if depth > maxDepth {
		return s.bad()
	}
	s.pos++ // {
	s.out = append(s.out, '{')
	if s.next() == '}' {
		s.pos++
		s.out = append(s.out, '}')
		return nil
	}
	var seen uint64
	first := true
	for {
		name, err := s.key()
		if err != nil {
			return err
		}
		i := n.find(name)
		if i < 0 {
			if err := s.skip(depth); err != nil {
				return err
			}
		} else {
			if seen&(1<<i) != 0 {
				s.twice = true
			}
			seen |= 1 << i
			mark := len(s.out)
			if !first {
				s.out = append(s.out, ',')
			}
			s.out = append(s.out, n.fields[i].label...)
			kept, err := s.take(&n.fields[i], depth)
			if err != nil {
				return err
			}
			if kept {
				first = false
			} else {
				s.out = s.out[:mark]
			}
		}
		switch s.next() {
		case ',':
			s.pos++
		case '}':
			s.pos++
			s.out = append(s.out, '}')
			return nil
		default:
			return s.bad()
		}
	}
}

// take copies the value that begins here if it is what the field expects.
func (s *scanner) take(f *field, depth int) (kept bool, err error) {
	c := s.next()
	if f.node != nil {
		switch {
		case f.array && c == '[':
			return true, s.array(f.node, depth+1)
		case !f.array && c == '{':
			return true, s.object(f.node, depth+1)
		}
		if f.also && c != 'n' { // there, though not an object
			s.out = append(s.out, "{}"...)
			return true, s.skip(depth)
		}
		return false, s.skip(depth)
	}
	from := s.pos
	if err := s.skip(depth); err != nil {
		return false, err
	}
	raw := s.data[from:s.pos]
	if f.slot != slotNone {
		s.slot[f.slot] = raw
	}
	s.out, kept = f.appendValue(s.out, raw)
	return kept, nil
}

// array copies the objects among the elements of the array that begins here.
func (s *scanner) array(n *node, depth int) error {
	if depth > maxDepth {
		return s.bad()
	}
	s.pos++ // [
	s.out = append(s.out, '[')
	if s.next() == ']' {
		s.pos++
		s.out = append(s.out, ']')
		return nil
	}
	for count := 0; ; {
		if s.next() == '{' && count < maxElements {
			if count > 0 {
				s.out = append(s.out, ',')
			}
			count++
			if err := s.object(n, depth+1); err != nil {
				return err
			}
		} else if err := s.skip(depth); err != nil {
			return err
		}
		switch s.next() {
		case ',':
			s.pos++
		case ']':
			s.pos++
			s.out = append(s.out, ']')
			return nil
		default:
			return s.bad()
		}
	}
}

// appendValue appends a valid JSON value if it is of the field's kind.
func (f *field) appendValue(out, raw []byte) ([]byte, bool) {
	if f.kind == 'e' && raw[0] == 'n' {
		return append(out, `""`...), true
	}
	switch f.kind {
	case 's', 't', 'm', 'o', 'e':
		if raw[0] != '"' || f.kind == 'o' && (len(raw) > f.kind.limit() || !bytes.Contains(raw, []byte("milepost:issue:"))) {
			return out, false
		}
		if limit := f.kind.limit(); len(raw)-2 > limit || 3*len(raw) > limit && !utf8.Valid(raw) {
			return appendCut(out, raw, limit), true
		}
		return append(out, raw...), true
	case 'i':
		if _, err := strconv.ParseInt(string(raw), 10, 64); err != nil {
			return out, false
		}
		return append(out, raw...), true
	case 'b':
		if raw[0] != 't' && raw[0] != 'f' {
			return out, false
		}
		return append(out, raw...), true
	case 'p':
		if raw[0] == 'n' {
			return out, false
		}
		return append(out, "true"...), true
	case 'r':
		if raw[0] == 'n' || len(raw) > maxRaw {
			return out, false
		}
		return append(out, raw...), true
	}
	return out, false
}

// appendCut appends a string that may be too long.
func appendCut(out, raw []byte, limit int) []byte {
	var v string
	if err := json.Unmarshal(raw, &v); err != nil {
		return append(out, `""`...) // cannot be: it was scanned as a string
	}
	if len(v) > limit {
		end := limit
		for end > 0 && !utf8.RuneStart(v[end]) {
			end--
		}
		v = v[:end]
	}
	b, err := json.Marshal(v)
	if err != nil {
		return append(out, `""`...) // a string can always be written
	}
	return append(out, b...)
}

// projectSlowly does the same by encoding/json. It serves payloads with a wanted key twice in one object, and the tests as the oracle.
func projectSlowly(data []byte, tree *node) (projection, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return projection{}, fmt.Errorf("%w: %w", errSyntax, err)
	}
	if dec.More() {
		return projection{}, errSyntax
	}
	obj, ok := v.(map[string]any)
	if !ok {
		return projection{}, fmt.Errorf("%w: no object", errSyntax)
	}
	var p projection
	out, err := json.Marshal(p.object(obj, tree))
	p.fields = out
	return p, err
}

func (p *projection) object(obj map[string]any, n *node) map[string]any {
	out := map[string]any{}
	for i := range n.fields {
		f := &n.fields[i]
		if v, ok := obj[f.name]; ok {
			if v, ok := p.value(v, f); ok {
				out[f.name] = v
			}
		}
	}
	return out
}

func (p *projection) value(v any, f *field) (any, bool) {
	if f.node == nil {
		raw, err := json.Marshal(v)
		if err != nil {
			return nil, false
		}
		if f.slot != slotNone {
			p.slot[f.slot] = raw
		}
		out, ok := f.appendValue(nil, raw)
		return json.RawMessage(out), ok
	}
	if obj, ok := v.(map[string]any); ok && !f.array {
		return p.object(obj, f.node), true
	}
	if list, ok := v.([]any); ok && f.array {
		kept := []any{}
		for _, e := range list {
			if obj, ok := e.(map[string]any); ok && len(kept) < maxElements {
				kept = append(kept, p.object(obj, f.node))
			}
		}
		return kept, true
	}
	return map[string]any{}, f.also && v != nil
}
