package bot

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"milepost/bot/gh"
	"milepost/bot/seal"
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
	mark, err := sealFor(secret, settingSecretMark, nil)
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
	_, err = openFor(secret, settingSecretMark, mark)
	return err != nil, nil
}

// sealFor encrypts data for a purpose with a key derived from the session secret.
func sealFor(secret []byte, purpose string, data []byte) ([]byte, error) {
	box, err := seal.New(secret, purpose)
	if err != nil {
		return nil, fmt.Errorf("bot: %w", err)
	}
	return box.Seal(purpose, data), nil
}

// openFor is what sealFor made for the same purpose.
func openFor(secret []byte, purpose string, data []byte) ([]byte, error) {
	box, err := seal.New(secret, purpose)
	if err != nil {
		return nil, fmt.Errorf("bot: %w", err)
	}
	if data, err = box.Open(purpose, data); err != nil {
		return nil, errors.New("the stored credentials cannot be decrypted: SESSION_SECRET is not the one they were stored with; set the old one, or set up the app again")
	}
	return data, nil
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
	data, err := openFor(secret, settingCredentials, sealed)
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
	sealed, err := sealFor(secret, settingCredentials, data)
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
	sealed, err := sealFor(secret, settingSetupToken, []byte(rand.Text()))
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
	token, err := openFor(secret, settingSetupToken, stored)
	if err != nil { // SESSION_SECRET was changed: what was printed before does not count any more
		if err := store.PutSetting(ctx, settingSetupToken, sealed); err != nil {
			return "", fmt.Errorf("bot: set-up token: %w", err)
		}
		token, err = openFor(secret, settingSetupToken, sealed)
	}
	return string(token), err
}
