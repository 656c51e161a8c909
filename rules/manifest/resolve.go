package manifest

import "sort"

// Resolve joins the manifests of one repository and returns them by path. The
// input is not changed.
func Resolve(ms []Manifest) []Manifest {
	out := append([]Manifest(nil), ms...)
	sort.SliceStable(out, func(i, j int) bool { return out[i].Path < out[j].Path })
	return out
}
