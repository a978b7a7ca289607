package metrics

import (
	"crypto/tls"

	"github.com/prometheus/client_golang/prometheus"

	"counterfoil/sync/server/vitals"
)

// ground collects what a watch sees at the moment it is asked.
type ground struct {
	watch *vitals.Watch
	about About
	cert  *tls.Certificate
}

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("counterfoil_"+name, help, labels, nil)
}

var (
	infoDesc    = desc("info", "Version, instance and epoch of the server; always 1.", "version", "instance", "epoch")
	seqDesc     = desc("seq", "Seq of the last change.")
	depDesc     = desc("dep_state", "1 for the state that each thing is in which the server stands on.", "dep", "state")
	pingDesc    = desc("db_ping_seconds", "How long one small question to the database took last, or is waiting by now.", "op")
	lockDesc    = desc("db_locked_seconds", "How long another program has held the database by now.")
	useDesc     = desc("db_pool_in_use", "Connections to the database that are in use.")
	waitingDesc = desc("db_pool_waiting", "Requests that wait for the database.")
	freeDesc    = desc("disk_free_bytes", "Bytes that are left on the disk of the data.")
	diskDesc    = desc("disk_bytes", "Size of the disk of the data.")
	lagDesc     = desc("queue_lag_seconds", "How long the oldest invoice has been seen to wait to be issued.")
	gcDesc      = desc("gc_per_minute", "Garbage collections in the last minute.")
	certDesc    = desc("certificate_end_seconds", "When the certificate runs out, as Unix time.")
)

// Describe implements prometheus.Collector.
func (g *ground) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{infoDesc, seqDesc, depDesc, pingDesc, lockDesc, useDesc, waitingDesc, freeDesc, diskDesc, lagDesc, gcDesc, certDesc} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (g *ground) Collect(out chan<- prometheus.Metric) {
	f := g.watch.Figures()
	put := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	put(infoDesc, 1, g.about.Version, g.about.Instance, f.Head.Epoch)
	put(seqDesc, float64(f.Head.Seq))
	for dep, state := range f.Deps() {
		put(depDesc, 1, dep, state)
	}
	put(pingDesc, f.Read.Seconds(), "read")
	put(pingDesc, f.Write.Seconds(), "write")
	put(lockDesc, f.Locked.Seconds())
	put(useDesc, float64(f.InUse))
	put(waitingDesc, float64(f.Waiting))
	if f.Disk.Known {
		put(freeDesc, float64(f.Disk.Free))
		put(diskDesc, float64(f.Disk.Total))
	}
	put(lagDesc, f.QueueLag.Seconds())
	put(gcDesc, collections())
	if g.cert != nil && g.cert.Leaf != nil {
		put(certDesc, float64(g.cert.Leaf.NotAfter.Unix()))
	}
}
