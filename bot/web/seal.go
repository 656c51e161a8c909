package web

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"milepost/bot/seal"
)

// sealer encrypts GitHub tokens at rest and the state of a sign-in in a cookie, and makes the tokens of forms. Its keys are derived from the session secret.
type sealer struct {
	box seal.Box
	mac []byte
}

func newSealer(secret []byte) (*sealer, error) {
	mac, err := hkdf.Key(sha256.New, secret, nil, "milepost web forms v1", 32)
	if err != nil {
		return nil, fmt.Errorf("web: derive key: %w", err)
	}
	box, err := seal.New(secret, "web sealing v1")
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	return &sealer{box: box, mac: mac}, nil
}

// seal encrypts v as JSON, bound to a context such as "session " and its hash: what was sealed for one place opens nowhere else.
func (s *sealer) seal(place string, v any) ([]byte, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("web: seal: %w", err)
	}
	return s.box.Seal(place, data), nil
}

func (s *sealer) open(place string, sealed []byte, v any) error {
	data, err := s.box.Open(place, sealed)
	if err == nil && json.Unmarshal(data, v) != nil {
		err = seal.ErrDamaged
	}
	if err != nil {
		return fmt.Errorf("web: %w", err)
	}
	return nil
}

// random returns n random bytes.
func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: crypto/rand ends the program when the system has none
	return b
}

// newToken is a secret of 256 bits as text.
func newToken() string { return base64.RawURLEncoding.EncodeToString(random(32)) }

// hashToken is what is stored of a secret: whoever reads the database cannot use it.
func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// csrfToken is the value that forms of a session carry. Each is masked anew, so that a page's compressed size tells nothing about it.
func (s *sealer) csrfToken(session string) string {
	mask := random(sha256.Size)
	return base64.RawURLEncoding.EncodeToString(append(mask, xor(mask, s.csrfSecret(session))...))
}

func (s *sealer) csrfSecret(session string) []byte {
	h := hmac.New(sha256.New, s.mac)
	h.Write([]byte("csrf " + session))
	return h.Sum(nil)
}

// csrfValid reports whether a form's value belongs to the session.
func (s *sealer) csrfValid(session, value string) bool {
	raw, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil || len(raw) != 2*sha256.Size || session == "" {
		return false
	}
	return hmac.Equal(xor(raw[:sha256.Size], raw[sha256.Size:]), s.csrfSecret(session))
}

func xor(a, b []byte) []byte {
	out := make([]byte, len(a))
	for i := range a {
		out[i] = a[i] ^ b[i]
	}
	return out
}
