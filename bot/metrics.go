package bot

import (
	"context"
	"net/http"
	"strconv"
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
	remaining  *prometheus.GaugeVec
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
		remaining:  prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "milepost_github_rate_remaining", Help: "Calls left of the primary rate limit, by installation."}, []string{"installation"}),
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
		m.remaining.WithLabelValues(strconv.FormatInt(c.Installation, 10)).Set(float64(c.Remaining))
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
