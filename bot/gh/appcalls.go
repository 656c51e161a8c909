package gh

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/google/go-github/v62/github"
)

// Info is what GitHub says about the app itself.
type Info struct {
	ID          int64             `json:"id"`
	Slug        string            `json:"slug"`
	Name        string            `json:"name"`
	Owner       Account           `json:"owner"`
	URL         string            `json:"html_url"`
	Permissions map[string]string `json:"permissions"`
	Events      []string          `json:"events"`
}

// Info reads the app.
func (a *App) Info(ctx context.Context) (Info, error) {
	var out Info
	err := a.own.call(ctx, http.MethodGet, "/app", "app", nil, &out)
	return out, err
}

// ServerTime asks GitHub for its time, to find a clock that goes wrong, which makes every token invalid.
func (a *App) ServerTime(ctx context.Context) (time.Time, error) {
	resp, err := a.own.do(ctx, http.MethodGet, "/app", "app", nil, nil, nil)
	if resp != nil {
		if t, perr := http.ParseTime(resp.Header.Get("Date")); perr == nil {
			return t, nil
		}
	}
	return time.Time{}, err
}

// Installation is one account that installed the app.
type Installation struct {
	ID          int64             `json:"id"`
	Account     Account           `json:"account"`
	Permissions map[string]string `json:"permissions"`
	Events      []string          `json:"events"`
	Selection   string            `json:"repository_selection"` // "all" or "selected"
	SuspendedAt *time.Time        `json:"suspended_at"`
	URL         string            `json:"html_url"`
}

// Installations reads all installations of the app. One that is missing need not be gone: the list moves while it is read. [App.Installation] tells.
func (a *App) Installations(ctx context.Context) ([]Installation, error) {
	return paged[Installation](ctx, a.own, "/app/installations", "app/installations")
}

// Installation reads one installation of the app; one that is not there is NotFound.
func (a *App) Installation(ctx context.Context, id int64) (Installation, error) {
	var out Installation
	err := a.own.call(ctx, http.MethodGet, "/app/installations/{installation_id}", fmt.Sprintf("app/installations/%d", id), nil, &out)
	return out, err
}

// repositories is a page of repositories.
type repositories struct {
	Total        int          `json:"total_count"`
	Repositories []Repository `json:"repositories"`
}

// Repositories reads the repositories of the client's installation. whole says that they are as many as GitHub counted from the first
// page to the last: a list that moved while it was read may lack some.
func (c *Client) Repositories(ctx context.Context) (all []Repository, whole bool, err error) {
	totals, ids := map[int]bool{}, map[int64]bool{}
	all, err = pagedIn(ctx, c, "/installation/repositories", "installation/repositories", func(a repositories) []Repository {
		totals[a.Total] = true
		for _, r := range a.Repositories {
			ids[r.ID] = true
		}
		return a.Repositories
	})
	return all, err == nil && len(totals) == 1 && totals[len(ids)], err
}

// HookConfig is where GitHub sends the app's webhooks.
type HookConfig struct {
	URL         string `json:"url"`
	ContentType string `json:"content_type"`
	InsecureSSL any    `json:"insecure_ssl"`
}

// HookConfig reads the address of the app's webhook.
func (a *App) HookConfig(ctx context.Context) (HookConfig, error) {
	var out HookConfig
	err := a.own.call(ctx, http.MethodGet, "/app/hook/config", "app/hook/config", nil, &out)
	return out, err
}

// HookDelivery is an entry of GitHub's log of deliveries.
type HookDelivery struct {
	ID           int64     `json:"id"`
	GUID         string    `json:"guid"`
	DeliveredAt  time.Time `json:"delivered_at"`
	Redelivery   bool      `json:"redelivery"`
	Status       string    `json:"status"`
	StatusCode   int       `json:"status_code"`
	Event        string    `json:"event"`
	Action       string    `json:"action"`
	Installation int64     `json:"installation_id"`
	Repository   int64     `json:"repository_id"`
}

// Delivered reports whether the server answered with success.
func (d HookDelivery) Delivered() bool { return d.StatusCode >= 200 && d.StatusCode < 300 }

// Deliveries reads GitHub's log of deliveries, newest first, from a cursor ("" is its beginning) back to a time, up to 10,000 of them. What is left is read
// from the cursor next; it is "" when nothing is.
func (a *App) Deliveries(ctx context.Context, since time.Time, cursor string) (log []HookDelivery, next string, err error) {
	for range 100 {
		path := "app/hook/deliveries?per_page=100"
		if cursor != "" {
			path += "&cursor=" + url.QueryEscape(cursor)
		}
		var some []HookDelivery
		resp, err := a.own.do(ctx, http.MethodGet, "/app/hook/deliveries", path, nil, &some, nil)
		if err != nil {
			return nil, "", err
		}
		for _, d := range some {
			if d.DeliveredAt.Before(since) {
				return log, "", nil
			}
			log = append(log, d)
		}
		if resp.Cursor == "" || len(some) == 0 {
			return log, "", nil
		}
		cursor = resp.Cursor
	}
	return log, cursor, nil
}

// Redeliver asks GitHub to send a delivery again.
func (a *App) Redeliver(ctx context.Context, id int64) error {
	err := a.own.call(ctx, http.MethodPost, "/app/hook/deliveries/{delivery_id}/attempts", fmt.Sprintf("app/hook/deliveries/%d/attempts", id), nil, nil)
	if accepted := (*github.AcceptedError)(nil); errors.As(err, &accepted) {
		return nil // 202 is how GitHub says yes to this
	}
	return err
}

// Credentials are what GitHub hands out when an app is made from a manifest.
type Credentials struct {
	ID            int64   `json:"id"`
	Slug          string  `json:"slug"`
	Name          string  `json:"name"`
	Owner         Account `json:"owner"`
	URL           string  `json:"html_url"`
	ClientID      string  `json:"client_id"`
	ClientSecret  string  `json:"client_secret"`
	WebhookSecret string  `json:"webhook_secret"`
	PEM           string  `json:"pem"`
}

// ConvertManifest exchanges the code that GitHub's manifest flow gives, once and within an hour, for the new app's credentials.
func ConvertManifest(ctx context.Context, cfg Config, code string) (Credentials, error) {
	c, err := Anonymous(cfg, "")
	if err != nil {
		return Credentials{}, err
	}
	var out Credentials
	err = c.call(ctx, http.MethodPost, "/app-manifests/{code}/conversions", "app-manifests/"+url.PathEscape(code)+"/conversions", nil, &out)
	return out, err
}
