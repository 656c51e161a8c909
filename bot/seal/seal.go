// Package seal encrypts what must not be read or changed by others: the app's credentials and people's tokens at rest, and the state of a sign-in in a cookie.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
)

// ErrDamaged says that sealed data was changed, belongs to another place, or was sealed with another secret.
var ErrDamaged = errors.New("sealed data is damaged, or of another key")

// Box seals for one purpose. It is safe for concurrent use.
type Box struct{ aead cipher.AEAD }

// New derives a Box from a secret (HKDF-SHA-256, AES-256-GCM). Another purpose is another key.
func New(secret []byte, purpose string) (Box, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, "milepost "+purpose, 32)
	if err != nil {
		return Box{}, fmt.Errorf("seal: derive key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return Box{}, fmt.Errorf("seal: cipher: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return Box{}, fmt.Errorf("seal: cipher: %w", err)
	}
	return Box{aead}, nil
}

// Seal encrypts data, a random nonce in front, bound to a place: what was sealed for one opens at no other.
func (b Box) Seal(place string, data []byte) []byte {
	nonce := make([]byte, b.aead.NonceSize())
	_, _ = rand.Read(nonce) // never fails: crypto/rand ends the program when the system has none
	return b.aead.Seal(nonce, nonce, data, []byte(place))
}

// Open decrypts what Seal made for the place, or answers ErrDamaged.
func (b Box) Open(place string, sealed []byte) ([]byte, error) {
	n := b.aead.NonceSize()
	if len(sealed) < n {
		return nil, ErrDamaged
	}
	data, err := b.aead.Open(nil, sealed[:n], sealed[n:], []byte(place))
	if err != nil {
		return nil, ErrDamaged
	}
	return data, nil
}
