package snapshot

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/index"
	"github.com/google/go-cmp/cmp"
)

// encodeIndex writes an index with go-git, an independent encoder.
func encodeIndex(tb testing.TB, version uint32, entries ...*index.Entry) []byte {
	tb.Helper()
	var buf bytes.Buffer
	if err := index.NewEncoder(&buf).Encode(&index.Index{Version: version, Entries: entries}); err != nil {
		tb.Fatal(err)
	}
	return buf.Bytes()
}

func sampleIndex(tb testing.TB, version uint32) []byte {
	id := plumbing.NewHash("bd9dbf5aae1a3862dd1526723246b20206e5fc37")
	entries := []*index.Entry{
		{Name: "a", Mode: 0o100644, Hash: id, Size: 7}, {Name: "a/b", Mode: 0o100755, Hash: id}, {Name: "a/bcd", Mode: 0o120000},
		{Name: "conflict", Stage: 1}, {Name: "conflict", Stage: 2}, {Name: "conflict", Stage: 3},
		{Name: strings.Repeat("long/", 900) + "x"}, {Name: "mod", Mode: 0o160000}, {Name: strings.Repeat("n", 4094)},
	}
	if version > 2 {
		entries = append(entries, &index.Entry{Name: "zz", SkipWorktree: true}, &index.Entry{Name: "zzz", IntentToAdd: true})
	}
	return encodeIndex(tb, version, entries...)
}

func TestParseIndex(t *testing.T) {
	t.Parallel()
	for _, version := range []uint32{2, 3, 4} {
		idx, err := parseIndex(sampleIndex(t, version), sha1Len)
		if err != nil {
			t.Fatalf("version %d: %v", version, err)
		}
		var names []string
		for _, e := range idx.entries {
			names = append(names, e.path)
		}
		want := []string{"a", "a/b", "a/bcd", "conflict", "mod", strings.Repeat("n", 4094)} // the one too long is refused
		if version > 2 {
			want = append(want, "zz", "zzz")
			if z := idx.entries[6]; !z.skipWorktree || z.unsure {
				t.Errorf("version %d: %+v", version, z)
			}
			if z := idx.entries[7]; z.skipWorktree || !z.unsure {
				t.Errorf("version %d: %+v", version, z)
			}
		}
		if diff := cmp.Diff(want, names); diff != "" {
			t.Errorf("version %d (-want +got):\n%s", version, diff)
		}
		if a, c := idx.entries[0], idx.entries[3]; a.size != 7 || a.mode != 0o100644 || a.unsure || !c.unsure {
			t.Errorf("version %d: %+v %+v", version, a, c)
		}
	}
}

// unsigned drops the checksum, as git does when told to, so that damage reaches the decoder.
func unsigned(data []byte) []byte {
	out := bytes.Clone(data)
	clear(out[len(out)-sha1Len:])
	return out
}

func TestParseIndexDamage(t *testing.T) {
	t.Parallel()
	for _, version := range []uint32{2, 3, 4} {
		good := sampleIndex(t, version)
		for n := range good {
			if _, err := parseIndex(good[:n], sha1Len); !errors.Is(err, errIndex) {
				t.Fatalf("version %d cut at %d: %v", version, n, err)
			}
			if n >= 12 && n < len(good)-sha1Len {
				cut := append(bytes.Clone(good[:n]), make([]byte, sha1Len)...)
				if _, err := parseIndex(cut, sha1Len); !errors.Is(err, errIndex) {
					t.Fatalf("version %d cut at %d without checksum: %v", version, n, err)
				}
			}
		}
	}
	good := unsigned(sampleIndex(t, 2))
	huge := bytes.Clone(good)
	binary.BigEndian.PutUint32(huge[8:], 1<<31)
	link := append(bytes.Clone(good[:len(good)-sha1Len]), "link\x00\x00\x00\x00"...)
	link = append(link, make([]byte, sha1Len)...)
	for name, data := range map[string][]byte{
		"count": huge, "split": link, "version 5": append([]byte("DIRC\x00\x00\x00\x05"), good[8:]...),
		"order": unsigned(swapFirst(t)),
	} {
		if _, err := parseIndex(data, sha1Len); !errors.Is(err, errIndex) && !errors.Is(err, ErrUnsupported) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// swapFirst is an index whose two entries, of equal length, stand in the wrong order.
func swapFirst(t *testing.T) []byte {
	t.Helper()
	data := encodeIndex(t, 2, &index.Entry{Name: "a"}, &index.Entry{Name: "b"})
	out := bytes.Clone(data)
	const size = 64
	copy(out[12:], data[12+size:12+2*size])
	copy(out[12+size:], data[12:12+size])
	return out
}

func FuzzIndex(f *testing.F) {
	for _, version := range []uint32{2, 3, 4} {
		f.Add(unsigned(sampleIndex(f, version)))
		f.Add(unsigned(encodeIndex(f, version, &index.Entry{Name: "a/b"}, &index.Entry{Name: "a/c"})))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, idLen := range []int{sha1Len, sha256Len} {
			if len(data) > idLen {
				clear(data[len(data)-idLen:])
			}
			idx, err := parseIndex(data, idLen)
			if err != nil {
				continue
			}
			for i, e := range idx.entries {
				if unsafePath(e.path) != "" || len(e.id) != idLen || i > 0 && idx.entries[i-1].path >= e.path {
					t.Fatalf("entry %d: %+v", i, e)
				}
			}
		}
	})
}
