package storage_test

import (
	"testing"

	"milepost/storage/storagetest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, open storagetest.Opener) { storagetest.Exercise(t, open) })
}
