package metrics

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Handler serves the metrics of m beside those of the Go runtime and of the
// process, memory among them. A few scrapes at a time are enough for any
// monitoring: more get 503.
func (m *Meter) Handler() (http.Handler, error) {
	all := prometheus.NewRegistry()
	for _, c := range [...]prometheus.Collector{m, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{})} {
		if err := all.Register(c); err != nil {
			return nil, err
		}
	}
	return promhttp.HandlerFor(all, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 5 * time.Second}), nil
}
