package rules

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"milepost/rules/probe"
	"milepost/rules/strict"
	"milepost/rules/words"
)

// JSONSchema returns the JSON Schema (draft 2020-12) of roadmap files, made from the types that the reader decodes into, so that an editor knows
// what [Parse] accepts.
func JSONSchema() ([]byte, error) {
	defs := map[string]any{}
	root := schemaOf(reflect.TypeFor[Roadmap](), defs)
	var names []string
	for _, d := range probe.Detectors() {
		names = append(names, d.Name)
	}
	if rule, ok := defs["Rule"].(map[string]any); ok {
		if props, ok := rule["properties"].(map[string]any); ok {
			props["detector"] = map[string]any{"type": "string", "enum": names}
		}
	}
	if milestone, ok := defs["Milestone"].(map[string]any); ok {
		if props, ok := milestone["properties"].(map[string]any); ok {
			props["near"] = map[string]any{"type": "object", "additionalProperties": schemaOf(reflect.TypeFor[Text](), defs), "propertyNames": map[string]any{"enum": probe.Cases()}}
		}
	}
	doc := map[string]any{"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Milepost roadmap", "$defs": defs}
	for k, v := range root {
		doc[k] = v
	}
	out, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("rules: schema: %w", err)
	}
	return append(out, '\n'), nil
}

func schemaOf(t reflect.Type, defs map[string]any) map[string]any {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if reflect.PointerTo(t).Implements(reflect.TypeFor[strict.Unmarshaler]()) { // a text, or texts by stack
		return map[string]any{"anyOf": []any{
			map[string]any{"type": "string"},
			map[string]any{"type": "object", "additionalProperties": map[string]any{"type": "string"}, "propertyNames": map[string]any{"enum": words.Keys()}},
		}}
	}
	switch t.Kind() {
	case reflect.String:
		return map[string]any{"type": "string"}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int:
		return map[string]any{"type": "integer"}
	case reflect.Slice:
		list := map[string]any{"type": "array", "items": schemaOf(t.Elem(), defs)}
		if t.Elem().Kind() == reflect.String {
			return map[string]any{"anyOf": []any{list, map[string]any{"type": "string"}}}
		}
		return list
	case reflect.Map:
		if t == reflect.TypeFor[words.Starters]() {
			return map[string]any{"type": "object", "additionalProperties": schemaOf(t.Elem(), defs), "propertyNames": map[string]any{"enum": words.Keys()}}
		}
		return map[string]any{"type": "object", "additionalProperties": schemaOf(t.Elem(), defs)}
	case reflect.Struct:
		return structSchema(t, defs)
	default:
		return map[string]any{}
	}
}

func structSchema(t reflect.Type, defs map[string]any) map[string]any {
	ref := map[string]any{"$ref": "#/$defs/" + t.Name()}
	if _, ok := defs[t.Name()]; ok {
		return ref
	}
	props := map[string]any{}
	def := map[string]any{"type": "object", "additionalProperties": false, "properties": props}
	defs[t.Name()] = def
	for i := range t.NumField() {
		key, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
		if key == "" || key == "-" {
			continue
		}
		props[key] = schemaOf(t.Field(i).Type, defs)
	}
	return ref
}
