// Package browsertest drives a real browser in tests: it starts Chromium, and takes pictures of pages.
package browsertest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"milepost/storage/storagetest"
)

// EnvShots names a folder for pictures of the pages that tests visit; without it none are taken.
const EnvShots = "MILEPOST_TEST_SHOTS"

// Light and Dark are the modes of a page.
const (
	Light = "light"
	Dark  = "dark"
)

// tallest is how much of a long page is in its picture, in pixels.
const tallest = 2400

// Chromium starts a headless browser for the test, or skips the test where none is installed; with MILEPOST_TEST_REQUIRE=all it fails.
func Chromium(t *testing.T) context.Context {
	t.Helper()
	bin := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			bin = p
			break
		}
	}
	if bin == "" {
		if os.Getenv(storagetest.EnvRequire) == "all" {
			t.Fatal("no Chromium is installed")
		}
		t.Skip("no Chromium is installed: the pages are not looked at in a browser")
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(bin), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.NoFirstRun, chromedp.Flag("hide-scrollbars", true))
	ctx, cancel := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), opts...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil { // starts the browser; a bound on time would end it
		t.Fatalf("start Chromium: %v", err)
	}
	ctx, cancel = context.WithTimeout(ctx, 20*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// Run carries out steps in the browser.
func Run(ctx context.Context, t *testing.T, what string, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// Look sets the width of the window, in pixels, and [Light] or [Dark].
func Look(ctx context.Context, t *testing.T, mode string, width int64) {
	t.Helper()
	_, err := chromedp.Call(ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: 900, DeviceScaleFactor: 1, Mobile: width < 500})
	if err == nil {
		_, err = chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: mode}}})
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Shot writes a picture of the page as it is shown now to dir/name-mode-width.png. A page that is wider than its window is an error.
func Shot(ctx context.Context, t *testing.T, dir, name, mode string, width int64) {
	t.Helper()
	m, err := chromedp.Call(ctx, page.GetLayoutMetrics, cdp.Empty{})
	if err != nil {
		t.Fatal(err)
	}
	if int64(m.CSSContentSize.Width) > width {
		t.Errorf("%s is %v wide at %d", name, m.CSSContentSize.Width, width)
	}
	yes := true
	png, err := chromedp.Call(ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{CaptureBeyondViewport: &yes, Clip: &page.Viewport{Width: float64(width), Height: min(m.CSSContentSize.Height, tallest), Scale: 1}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s-%s-%d.png", name, mode, width)), png.Data, 0o600); err != nil {
		t.Fatal(err)
	}
}
