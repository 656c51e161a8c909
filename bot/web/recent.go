package web

import "sync"

// recent remembers the values that were used last, up to a number of them. It is safe for concurrent use.
type recent[V any] struct {
	most int

	mu  sync.Mutex
	all []V // the one that was used last first
}

// find returns the value that matches, or else the one that add makes, which takes the place of the one unused for longest.
func (r *recent[V]) find(match func(V) bool, add func() V) V {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := 0
	for at < len(r.all) && !match(r.all[at]) {
		at++
	}
	var v V
	switch {
	case at < len(r.all):
		v = r.all[at]
	case len(r.all) < r.most:
		v = add()
		r.all = append(r.all, v)
	default:
		v = add()
		at--
	}
	copy(r.all[1:at+1], r.all[:at])
	r.all[0] = v
	return v
}

// answer is something that was worked out once from what does not change.
type answer struct {
	key   any
	once  sync.Once
	value any
}

// worked returns what do gives for a key, as long as it is remembered. The key is comparable, and names all that do depends on.
func worked[T any](memory *recent[*answer], key any, do func() T) T {
	a := memory.find(func(a *answer) bool { return a.key == key }, func() *answer { return &answer{key: key} })
	a.once.Do(func() { a.value = do() })
	v, _ := a.value.(T)
	return v
}
