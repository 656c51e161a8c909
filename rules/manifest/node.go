package manifest

// nodeKind is the sort of a value in a document.
type nodeKind uint8

const (
	nullNode   nodeKind = iota // also what is not there
	stringNode                 // text
	otherNode                  // number, boolean, date: text as written
	listNode
	tableNode
)

// node is a value of a JSON, TOML or YAML document with its line.
type node struct {
	kind nodeKind
	text string
	line int
	kids []field // of a list or a table, in the order written
}

// field is an element: of a list without key, of a table with one.
type field struct {
	key  string
	line int // of the key
	node node
}

// get returns the value at a path of keys, the null node if there is none.
func (n *node) get(keys ...string) *node {
	for _, k := range keys {
		if n = n.child(k); n == nil {
			return &node{}
		}
	}
	return n
}

// child returns the value of one key or nil. The last of equal keys counts, as in
// JSON readers.
func (n *node) child(key string) *node {
	if n.kind != tableNode {
		return nil
	}
	for i := len(n.kids) - 1; i >= 0; i-- {
		if n.kids[i].key == key {
			return &n.kids[i].node
		}
	}
	return nil
}

// str returns the text of a string or other scalar at a path, "" otherwise.
func (n *node) str(keys ...string) string {
	if v := n.get(keys...); v.kind == stringNode || v.kind == otherNode {
		return v.text
	}
	return ""
}

// table returns the elements if the value at the path is a table.
func (n *node) table(keys ...string) []field {
	if v := n.get(keys...); v.kind == tableNode {
		return v.kids
	}
	return nil
}

// list returns the elements if the value at the path is a list.
func (n *node) list(keys ...string) []field {
	if v := n.get(keys...); v.kind == listNode {
		return v.kids
	}
	return nil
}

// strings returns the string elements of a list, or a lone string as a list of one.
func (n *node) strings(keys ...string) []string {
	v := n.get(keys...)
	if v.kind == stringNode {
		return []string{v.text}
	}
	var out []string
	for i := range v.list() {
		if v.kids[i].node.kind == stringNode {
			out = append(out, v.kids[i].node.text)
		}
	}
	return out
}
