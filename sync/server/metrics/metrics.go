// Package metrics counts what a server does for Prometheus, and what it stands on
// as package vitals sees it.
//
// Names begin with "counterfoil_"; times are in seconds, sizes in bytes.
//
// The package refuses to hold names of people, devices or documents.
package metrics

import (
	"crypto/tls"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"counterfoil/sync/server/traffic"
	"counterfoil/sync/server/vitals"
)

// Metrics are the counters of one server, safe for concurrent use.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	dbWait   *prometheus.HistogramVec
	dbTook   *prometheus.HistogramVec
	slowest  slowest
}

// Buckets of seconds: from an answer in memory to one that nobody waits for.
var buckets = []float64{.001, .005, .01, .025, .05, .1, .2, .4, .8, 1.5, 3, 6, 12, 30}

// New makes counters.
func New() *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	m.requests = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "counterfoil_http_requests_total", Help: "Requests that were answered, by route and status."}, []string{"route", "status"})
	m.seconds = prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "counterfoil_http_request_seconds", Help: "How long answers took, without streams of events.", Buckets: buckets}, []string{"route", "status"})
	m.dbWait = prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "counterfoil_db_wait_seconds", Help: "How long transactions waited for their turn.", Buckets: buckets}, []string{"op"})
	m.dbTook = prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "counterfoil_db_seconds", Help: "How long transactions took, with the wait.", Buckets: buckets}, []string{"op"})
	m.registry.MustRegister(m.requests, m.seconds, m.dbWait, m.dbTook,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Request counts one; it is for traffic.Wrap.
func (m *Metrics) Request(q traffic.Request) {
	status := strconv.Itoa(q.Status)
	m.requests.WithLabelValues(q.Route, status).Inc()
	if !q.Stream {
		m.seconds.WithLabelValues(q.Route, status).Observe(q.Took.Seconds())
	}
}

// Database counts a use of it; it is for vitals.Config.
func (m *Metrics) Database(op string, wait, took time.Duration) {
	if op == "write" {
		m.dbWait.WithLabelValues(op).Observe(wait.Seconds())
	}
	m.dbTook.WithLabelValues(op).Observe(took.Seconds())
	m.slowest.note(took)
}

// Handler answers GET /metrics for Prometheus, and GET /figures with the same
// ground in JSON for syncd doctor.
func (m *Metrics) Handler(ready http.HandlerFunc, figures func() Figures) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /readyz", ready)
	mux.HandleFunc("GET /figures", func(w http.ResponseWriter, _ *http.Request) { send(w, figures()) })
	return mux
}

// About is what does not change while a server runs.
type About struct{ Version, Instance string }

// Watch exports what a watch sees, and how long the certificate counts.
func (m *Metrics) Watch(w *vitals.Watch, about About, cert *tls.Certificate) {
	m.registry.MustRegister(&ground{watch: w, about: about, cert: cert})
}
