package bot

import (
	"errors"
	"testing"

	"milepost/bot/gh"
	"milepost/bot/web"
	"milepost/storage"
	"milepost/storage/storagetest"
)

// TestCredentialsAreNeverReplaced: of two apps that are set up in one database the second is refused by the error that the set-up page knows.
func TestCredentialsAreNeverReplaced(t *testing.T) {
	t.Parallel()
	store, secret := storagetest.OpenSQLite(t, storage.Options{}), []byte("a secret of the tests, long enough")
	if err := storeCredentials(t.Context(), store, secret, gh.Credentials{ID: 1, Slug: "first"}); err != nil {
		t.Fatal(err)
	}
	if err := storeCredentials(t.Context(), store, secret, gh.Credentials{ID: 2, Slug: "second"}); !errors.Is(err, web.ErrSetUp) {
		t.Errorf("the second: %v", err)
	}
	got, ok, err := credentials(t.Context(), Config{}, store, secret)
	if err != nil || !ok || got.Slug != "first" {
		t.Errorf("stored: %+v, %v, %v", got.Slug, ok, err)
	}
}
