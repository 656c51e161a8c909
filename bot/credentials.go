package bot

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"milepost/bot/gh"
	"milepost/bot/web"
	"milepost/storage"
)

// Keys of settings.
const (
	settingCredentials = "app-credentials"
	settingSessionKey  = "session-key"
	settingSetupToken  = "setup-token"
	settingSecretMark  = "secret-mark" // sealed with the session secret of the last start
)

// sessionSecret is the operator's, or one that is made once and kept in the database.
func sessionSecret(ctx context.Context, store *storage.Store, fromEnv string) ([]byte, error) {
	if fromEnv != "" {
		return []byte(fromEnv), nil
	}
	fresh := make([]byte, 32)
	if _, err := rand.Read(fresh); err != nil {
		return nil, fmt.Errorf("bot: session secret: %w", err)
	}
	// Two replicas may start at once: the first one's secret counts.
	if err := store.AddSetting(ctx, settingSessionKey, []byte(hex.EncodeToString(fresh))); err != nil && !errors.Is(err, storage.ErrConflict) {
		return nil, fmt.Errorf("bot: session secret: %w", err)
	}
	secret, err := store.Setting(ctx, settingSessionKey)
	if err != nil {
		return nil, fmt.Errorf("bot: session secret: %w", err)
	}
	return secret, nil
}

// markSecret keeps a mark of the session secret, and reports whether the last process that started with this database had another one.
func markSecret(ctx context.Context, store *storage.Store, secret []byte) (differs bool, err error) {
	if differs, err = secretDiffers(ctx, store, secret); err != nil {
		return false, err
	}
	mark, err := seal(secret, settingSecretMark, nil)
	if err != nil {
		return false, err
	}
	if err := store.PutSetting(ctx, settingSecretMark, mark); err != nil {
		return false, fmt.Errorf("bot: session secret: %w", err)
	}
	return differs, nil
}

// secretDiffers reports whether the mark in the database was made with another session secret; without a mark it was not.
func secretDiffers(ctx context.Context, store *storage.Store, secret []byte) (bool, error) {
	mark, err := store.Setting(ctx, settingSecretMark)
	if errors.Is(err, storage.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("bot: session secret: %w", err)
	}
	_, err = open(secret, settingSecretMark, mark)
	return err != nil, nil
}

// seal encrypts data with a key derived from the session secret (HKDF-SHA-256, AES-256-GCM, random nonce in front).
func seal(secret []byte, purpose string, data []byte) ([]byte, error) {
	box, err := aead(secret, purpose)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, box.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return nil, fmt.Errorf("bot: seal: %w", err)
	}
	return box.Seal(nonce, nonce, data, []byte(purpose)), nil
}

func open(secret []byte, purpose string, sealed []byte) ([]byte, error) {
	box, err := aead(secret, purpose)
	if err != nil {
		return nil, err
	}
	if len(sealed) < box.NonceSize() {
		return nil, errors.New("bot: stored credentials are damaged")
	}
	data, err := box.Open(nil, sealed[:box.NonceSize()], sealed[box.NonceSize():], []byte(purpose))
	if err != nil {
		return nil, errors.New("the stored credentials cannot be decrypted: SESSION_SECRET is not the one they were stored with; set the old one, or set up the app again")
	}
	return data, nil
}

func aead(secret []byte, purpose string) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, "milepost "+purpose, 32)
	if err != nil {
		return nil, fmt.Errorf("bot: derive key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("bot: derive key: %w", err)
	}
	box, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("bot: derive key: %w", err)
	}
	return box, nil
}

// credentials returns the app's credentials: the environment's, else those that set-up stored. ok is false when there are none.
func credentials(ctx context.Context, cfg Config, store *storage.Store, secret []byte) (creds gh.Credentials, ok bool, err error) {
	if cfg.Configured() {
		pem, err := cfg.key()
		if err != nil {
			return creds, false, err
		}
		return gh.Credentials{ID: cfg.AppID, PEM: string(pem), ClientID: cfg.ClientID, ClientSecret: cfg.ClientSecret}, true, nil
	}
	sealed, err := store.Setting(ctx, settingCredentials)
	if errors.Is(err, storage.ErrNotFound) {
		return creds, false, nil
	}
	if err != nil {
		return creds, false, fmt.Errorf("bot: stored credentials: %w", err)
	}
	data, err := open(secret, settingCredentials, sealed)
	if err != nil {
		return creds, false, err
	}
	if err := json.Unmarshal(data, &creds); err != nil {
		return creds, false, fmt.Errorf("bot: stored credentials: %w", err)
	}
	return creds, true, nil
}

// storeCredentials keeps what set-up got, encrypted. Credentials that are there already are never replaced.
func storeCredentials(ctx context.Context, store *storage.Store, secret []byte, creds gh.Credentials) error {
	data, err := json.Marshal(creds)
	if err != nil {
		return fmt.Errorf("bot: encode credentials of app %s: %w", strconv.FormatInt(creds.ID, 10), err)
	}
	sealed, err := seal(secret, settingCredentials, data)
	if err != nil {
		return err
	}
	err = store.WithTx(ctx, func(tx *storage.Tx) error {
		if err := tx.AddSetting(ctx, settingCredentials, sealed); err != nil {
			return err
		}
		if _, err := tx.DeleteSetting(ctx, settingSetupToken); err != nil {
			return err
		}
		return tx.Wake(ctx) // the other processes
	})
	if errors.Is(err, storage.ErrConflict) {
		return web.ErrSetUp
	}
	if err != nil {
		return fmt.Errorf("bot: store credentials: %w", err)
	}
	return nil
}

// setupToken is the token of the set-up page: one for all processes of a database, kept sealed until it has served.
func setupToken(ctx context.Context, store *storage.Store, secret []byte) (string, error) {
	sealed, err := seal(secret, settingSetupToken, []byte(rand.Text()))
	if err != nil {
		return "", err
	}
	if err := store.AddSetting(ctx, settingSetupToken, sealed); err != nil && !errors.Is(err, storage.ErrConflict) {
		return "", fmt.Errorf("bot: set-up token: %w", err)
	}
	stored, err := store.Setting(ctx, settingSetupToken)
	if err != nil {
		return "", fmt.Errorf("bot: set-up token: %w", err)
	}
	token, err := open(secret, settingSetupToken, stored)
	if err != nil { // SESSION_SECRET was changed: what was printed before does not count any more
		if err := store.PutSetting(ctx, settingSetupToken, sealed); err != nil {
			return "", fmt.Errorf("bot: set-up token: %w", err)
		}
		token, err = open(secret, settingSetupToken, sealed)
	}
	return string(token), err
}
