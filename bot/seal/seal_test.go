package seal_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"

	"milepost/bot/seal"
)

func TestBox(t *testing.T) {
	t.Parallel()
	box := func(secret, purpose string) seal.Box {
		b, err := seal.New([]byte(secret), purpose)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	b := box("secret", "tests")
	one, two := b.Seal("here", []byte("text")), b.Seal("here", []byte("text"))
	if bytes.Equal(one, two) || bytes.Contains(one, []byte("text")) {
		t.Errorf("%x, %x", one, two)
	}
	if got, err := b.Open("here", one); err != nil || string(got) != "text" {
		t.Errorf("%q, %v", got, err)
	}
	// What older versions sealed opens.
	old, err := hex.DecodeString("7aba03f172fcf1bcae14c7950c1414c04949f5aa4256826c6c1ad9e1f8b2828c")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := box("secret", "here").Open("here", old); err != nil || string(got) != "text" {
		t.Errorf("sealed before: %q, %v", got, err)
	}
	changed := bytes.Clone(one)
	changed[len(changed)-1] ^= 1
	for name, open := range map[string]func() ([]byte, error){
		"at another place":    func() ([]byte, error) { return b.Open("there", one) },
		"of another purpose":  func() ([]byte, error) { return box("secret", "others").Open("here", one) },
		"with another secret": func() ([]byte, error) { return box("guess", "tests").Open("here", one) },
		"changed":             func() ([]byte, error) { return b.Open("here", changed) },
		"cut":                 func() ([]byte, error) { return b.Open("here", one[:5]) },
		"nothing":             func() ([]byte, error) { return b.Open("here", nil) },
	} {
		if got, err := open(); !errors.Is(err, seal.ErrDamaged) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}
