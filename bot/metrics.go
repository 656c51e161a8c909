package bot

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"milepost/bot/gh"
	"milepost/bot/webhook"
	"milepost/bot/work"
	"milepost/storage"
)

// metrics are the server's counters, in a registry of their own.
type metrics struct {
	registry   *prometheus.Registry
	deliveries *prometheus.CounterVec
	intake     prometheus.Histogram
	runs       *prometheus.CounterVec
	runTime    *prometheus.HistogramVec
	checks     *prometheus.HistogramVec
	calls      *prometheus.CounterVec
	callTime   *prometheus.HistogramVec
	remaining  *remaining
}

func newMetrics(store *storage.Store, now func() time.Time) *metrics {
	m := &metrics{
		registry:   prometheus.NewRegistry(),
		deliveries: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "milepost_deliveries_total", Help: "Webhook deliveries by event and answer."}, []string{"event", "status", "duplicate"}),
		intake:     prometheus.NewHistogram(prometheus.HistogramOpts{Name: "milepost_delivery_seconds", Help: "Time from the first byte of a delivery to its answer.", Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14)}),
		runs:       prometheus.NewCounterVec(prometheus.CounterOpts{Name: "milepost_work_total", Help: "Runs of workers by kind and outcome."}, []string{"kind", "outcome"}),
		runTime:    prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "milepost_work_seconds", Help: "Time of a run.", Buckets: prometheus.ExponentialBuckets(0.005, 2, 16)}, []string{"kind"}),
		checks:     prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "milepost_check_seconds", Help: "Time of a check, by what was checked.", Buckets: prometheus.ExponentialBuckets(0.005, 2, 14)}, []string{"what"}),
		calls:      prometheus.NewCounterVec(prometheus.CounterOpts{Name: "milepost_github_calls_total", Help: "Calls to GitHub by route and status; 0 is no answer."}, []string{"method", "route", "status"}),
		callTime:   prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "milepost_github_call_seconds", Help: "Time of a call to GitHub.", Buckets: prometheus.ExponentialBuckets(0.01, 2, 12)}, []string{"method"}),
		remaining:  &remaining{now: now, left: map[int64]allowance{}},
	}
	m.registry.MustRegister(m.deliveries, m.intake, m.runs, m.runTime, m.checks, m.calls, m.callTime, m.remaining, queue{store, now},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

func (m *metrics) delivery(r webhook.Result) {
	m.deliveries.WithLabelValues(r.Event, strconv.Itoa(r.Status), strconv.FormatBool(r.Duplicate)).Inc()
	m.intake.Observe(r.Took.Seconds())
}

func (m *metrics) run(e work.Event) {
	if e.Outcome == work.Claimed {
		return
	}
	m.runs.WithLabelValues(e.Claim.Kind, string(e.Outcome)).Inc()
	m.runTime.WithLabelValues(e.Claim.Kind).Observe(e.Took.Seconds())
}

func (m *metrics) check(what string, took time.Duration) {
	m.checks.WithLabelValues(what).Observe(took.Seconds())
}

func (m *metrics) call(c gh.Call) {
	m.calls.WithLabelValues(c.Method, c.Route, strconv.Itoa(c.Status)).Inc()
	m.callTime.WithLabelValues(c.Method).Observe(c.Took.Seconds())
	if c.Limit > 0 {
		m.remaining.note(c)
	}
}

// remaining is what is left of GitHub's primary rate limits, each installation having its own: the least of them, since who is installed is nobody's business.
type remaining struct {
	now  func() time.Time
	mu   sync.Mutex
	left map[int64]allowance // by installation
}

// allowance is a limit until it is reset.
type allowance struct {
	calls int
	reset time.Time
}

func (r *remaining) note(c gh.Call) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.left[c.Installation] = allowance{c.Remaining, c.Reset}
}

var rateRemaining = prometheus.NewDesc("milepost_github_rate_remaining", "Calls left of the primary rate limit, where the fewest are; not there when no limit is known.", nil, nil)

// Describe implements prometheus.Collector.
func (r *remaining) Describe(ch chan<- *prometheus.Desc) { ch <- rateRemaining }

// Collect implements prometheus.Collector.
func (r *remaining) Collect(ch chan<- prometheus.Metric) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now, least := r.now(), -1
	for id, a := range r.left {
		switch {
		case !a.reset.IsZero() && a.reset.Before(now):
			delete(r.left, id)
		case least < 0 || a.calls < least:
			least = a.calls
		}
	}
	if least >= 0 {
		ch <- prometheus.MustNewConstMetric(rateRemaining, prometheus.GaugeValue, float64(least))
	}
}

// queue reports the depth and age of the work table when it is asked, from the database, so that all processes say the same.
type queue struct {
	store *storage.Store
	now   func() time.Time
}

var (
	queueDepth = prometheus.NewDesc("milepost_queue_depth", "Keys that are due, by kind and priority, counted up to 1000.", []string{"kind", "priority"}, nil)
	queueAside = prometheus.NewDesc("milepost_queue_set_aside", "Keys that were set aside as poison and wait for the operator, by kind and priority, counted up to 1000.", []string{"kind", "priority"}, nil)
	queueAge   = prometheus.NewDesc("milepost_queue_oldest_seconds", "How long the oldest due key has been waiting, by kind and priority.", []string{"kind", "priority"}, nil)
)

// Describe implements prometheus.Collector.
func (q queue) Describe(ch chan<- *prometheus.Desc) {
	ch <- queueDepth
	ch <- queueAge
	ch <- queueAside
}

// Collect implements prometheus.Collector.
func (q queue) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	stats, err := q.store.QueueStats(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(queueDepth, err)
		return
	}
	for _, kind := range []string{storage.KindRepo, storage.KindInstall, storage.KindTimer} { // a series that is not there cannot be seen to be zero
		for _, priority := range []int{storage.PriorityHigh, storage.PriorityNormal, storage.PriorityLow} {
			if !slices.ContainsFunc(stats, func(s storage.QueueStats) bool { return s.Kind == kind && s.Priority == priority }) {
				stats = append(stats, storage.QueueStats{Kind: kind, Priority: priority})
			}
		}
	}
	for _, s := range stats {
		kind, priority := s.Kind, strconv.Itoa(s.Priority)
		ch <- prometheus.MustNewConstMetric(queueDepth, prometheus.GaugeValue, float64(s.Ready), kind, priority)
		ch <- prometheus.MustNewConstMetric(queueAside, prometheus.GaugeValue, float64(s.Parked), kind, priority)
		age := 0.0
		if !s.Oldest.IsZero() {
			age = max(0, q.now().Sub(s.Oldest).Seconds())
		}
		ch <- prometheus.MustNewConstMetric(queueAge, prometheus.GaugeValue, age, kind, priority)
	}
}
