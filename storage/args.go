package storage

import (
	"maps"
	"slices"
)

// withStrings is an argument list: first some values, then strings.
func withStrings(strs []string, first ...any) []any {
	args := make([]any, 0, len(first)+len(strs))
	args = append(args, first...)
	for _, s := range strs {
		args = append(args, s)
	}
	return args
}

// sortedKeys gives writes of a map a fixed order, so that two transactions lock rows in the same one.
func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}
