package facts

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Kinds of documents about APIs.
const (
	// KindOpenAPI is an OpenAPI or Swagger document. Name is "valid" or "invalid", Value its version or what is wrong.
	KindOpenAPI Kind = "openapi"
	// KindOperation is an endpoint that an OpenAPI document describes by a name. Name is the method in upper case, Value the path, Scope the name.
	KindOperation Kind = "operation"
	// KindCollection is a collection of requests. Name is the tool, Value "valid", "invalid" or "template".
	KindCollection Kind = "collection"
)

var docsDocuments = []document{
	{applies: func(_, base string) bool { return hasExt(base, "json", "yaml", "yml") }, scan: openAPI},
	{applies: func(_, base string) bool { return hasExt(base, "http", "rest", "bru", "hurl") }, scan: requestFile},
}

func hasExt(base string, exts ...string) bool {
	i := strings.LastIndexByte(base, '.')
	if i < 0 {
		return false
	}
	for _, e := range exts {
		if base[i+1:] == e {
			return true
		}
	}
	return false
}

// maxDocument is the largest document, in bytes, that is parsed; larger ones are judged by their head.
const maxDocument = 1 << 20

// openAPI reads JSON and YAML whose head says that it is an OpenAPI document or a request collection. The structure is checked here and
// not by kin-openapi: a learner's document with a slip in it is a document all the same.
func openAPI(s *Source) {
	head := s.Raw[:min(len(s.Raw), 4<<10)]
	switch {
	case bytes.Contains(head, []byte("getpostman.com")) || bytes.Contains(head, []byte("_postman_id")):
		s.collection("Postman")
		return
	case bytes.Contains(head, []byte("__export_format")) || bytes.Contains(head, []byte("collection.insomnia.rest")):
		s.collection("Insomnia")
		return
	case bytes.Contains(head, []byte("thunder")) && strings.HasSuffix(s.Path, ".json") && bytes.Contains(s.Raw, []byte(`"method"`)) || strings.Contains(s.Path, "thunder-collection"):
		s.collection("Thunder Client")
		return
	case strings.HasSuffix(s.Path, ".json") && bytes.Contains(head, []byte(`"_type"`)) && bytes.Contains(s.Raw, []byte(`"request"`)) && bytes.Contains(head, []byte("insomnia")):
		s.collection("Insomnia")
		return
	}
	if !marksOpenAPI(head) && !marksOpenAPI(s.Raw[max(0, len(s.Raw)-512):]) {
		return
	}
	line := 1
	for _, key := range []string{"openapi", "swagger"} {
		if i := bytes.Index(s.Raw, []byte(key)); i >= 0 {
			line = s.LineOf(i)
			break
		}
	}
	if len(s.Raw) > maxDocument {
		s.Emit(Fact{Kind: KindOpenAPI, Name: "valid", Value: "large", Line: line})
		return
	}
	doc, err := readDocument(s.Path, s.Raw)
	if err != nil {
		s.Emit(Fact{Kind: KindOpenAPI, Name: "invalid", Value: err.Error(), Line: line})
		return
	}
	version := doc.OpenAPI
	if version == "" {
		version = doc.Swagger
	}
	switch {
	case version == "":
	case doc.Info.Title == "" && !doc.hasPaths():
		s.Emit(Fact{Kind: KindOpenAPI, Name: "invalid", Value: "it has neither info nor paths", Line: line})
	case !doc.hasPaths():
		s.Emit(Fact{Kind: KindOpenAPI, Name: "invalid", Value: "it has no paths", Line: line})
	default:
		s.Emit(Fact{Kind: KindOpenAPI, Name: "valid", Value: version, Line: line})
		s.operations(doc)
	}
}

// operations emits the operations of a document, from which generators make interfaces that controllers implement.
func (s *Source) operations(doc *openAPIDocument) {
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		item := doc.Paths[path]
		for i := 0; i+1 < len(item.Content); i += 2 {
			var op struct {
				ID string `yaml:"operationId"`
			}
			if err := item.Content[i+1].Decode(&op); err == nil {
				s.operation(item.Content[i].Value, path, op.ID, item.Content[i].Line)
			}
		}
	}
	for _, path := range slices.Sorted(maps.Keys(doc.json)) {
		var item map[string]json.RawMessage
		if json.Unmarshal(doc.json[path], &item) != nil {
			continue
		}
		line := s.LineOf(max(0, bytes.Index(s.Raw, []byte(strconv.Quote(path)))))
		for _, method := range slices.Sorted(maps.Keys(item)) {
			var op struct{ OperationID string }
			if json.Unmarshal(item[method], &op) == nil {
				s.operation(method, path, op.OperationID, line)
			}
		}
	}
}

func (s *Source) operation(method, path, id string, line int) {
	if method, ok := httpMethod(method); ok && id != "" {
		s.Emit(Fact{Kind: KindOperation, Name: method, Value: path, Scope: id, Line: line})
	}
}

func marksOpenAPI(b []byte) bool {
	for _, key := range []string{"openapi", "swagger"} {
		i := bytes.Index(b, []byte(key))
		if i < 0 {
			continue
		}
		rest := bytes.TrimLeft(b[i+len(key):], `"' `)
		before := byte('\n')
		if i > 0 {
			before = b[i-1]
		}
		if len(rest) == 0 || rest[0] != ':' || before != '"' && before != '\'' && before != '\n' {
			continue
		}
		// The value is a version; a section of settings called swagger has none.
		value := bytes.TrimLeft(rest[1:], " \"'\r\n\t")
		if len(value) > 0 && value[0] >= '1' && value[0] <= '9' {
			return true
		}
	}
	return false
}

type openAPIDocument struct {
	OpenAPI string `yaml:"openapi"`
	Swagger string `yaml:"swagger"`
	Info    struct {
		Title string `yaml:"title"`
	} `yaml:"info"`
	Paths      map[string]yaml.Node `yaml:"paths"`
	Webhooks   map[string]yaml.Node `yaml:"webhooks"`
	Components map[string]yaml.Node `yaml:"components"`

	json map[string]json.RawMessage // the paths of a document in JSON
}

func (d *openAPIDocument) hasPaths() bool {
	return len(d.Paths)+len(d.json) > 0 || len(d.Webhooks) > 0 || len(d.Components) > 0
}

func readDocument(path string, raw []byte) (*openAPIDocument, error) {
	doc := &openAPIDocument{}
	if strings.HasSuffix(path, ".json") {
		var j struct {
			OpenAPI, Swagger string
			Info             struct{ Title string }
			Paths, Webhooks  map[string]json.RawMessage
			Components       map[string]json.RawMessage
		}
		if err := json.Unmarshal(raw, &j); err != nil {
			return nil, fmt.Errorf("it is no valid JSON: %w", err)
		}
		doc.OpenAPI, doc.Swagger, doc.Info.Title = j.OpenAPI, j.Swagger, j.Info.Title
		doc.json, doc.Webhooks, doc.Components = j.Paths, count(j.Webhooks), count(j.Components)
		return doc, nil
	}
	if err := yaml.Unmarshal(raw, doc); err != nil {
		return nil, fmt.Errorf("it is no valid YAML: %w", err)
	}
	return doc, nil
}

func count(m map[string]json.RawMessage) map[string]yaml.Node {
	out := make(map[string]yaml.Node, len(m))
	for k := range m {
		out[k] = yaml.Node{}
	}
	return out
}

// collection emits a collection of requests and says whether it parses and has any.
func (s *Source) collection(tool string) {
	value := "valid"
	switch {
	case strings.HasSuffix(strings.ToLower(s.Path), ".json") && !json.Valid(s.Raw):
		value = "invalid"
	case !bytes.Contains(s.Raw, []byte("request")) && !bytes.Contains(s.Raw, []byte("method")):
		value = "empty" // an environment, or a collection with nothing in it
	}
	s.Emit(Fact{Kind: KindCollection, Name: tool, Value: value, Line: 1})
}

// requestFile reads .http, .rest, .hurl and .bru files.
func requestFile(s *Source) {
	base := strings.ToLower(baseOf(s.Path))
	if strings.HasSuffix(base, ".bru") {
		for _, m := range []string{"get {", "post {", "put {", "patch {", "delete {"} {
			if bytes.HasPrefix(s.Raw, []byte(m)) || bytes.Contains(s.Raw, []byte("\n"+m)) {
				s.Emit(Fact{Kind: KindCollection, Name: "Bruno", Value: "valid", Line: 1})
				return
			}
		}
		return
	}
	line, requests, template := 0, 0, 0
	first := 0
	for text := range bytes.Lines(s.Raw) {
		line++
		f := strings.Fields(string(text[:min(len(text), 400)]))
		if len(f) < 2 {
			continue
		}
		if _, ok := httpMethod(f[0]); !ok || f[0] != strings.ToUpper(f[0]) || !strings.ContainsAny(f[1], "/{") {
			continue
		}
		requests++
		if first == 0 {
			first = line
		}
		if strings.Contains(strings.ToLower(f[1]), "weatherforecast") {
			template++
		}
	}
	switch requests {
	case 0:
	case template:
		s.Emit(Fact{Kind: KindCollection, Name: ".http", Value: "template", Line: first})
	default:
		s.Emit(Fact{Kind: KindCollection, Name: ".http", Value: "valid", Line: first})
	}
}
