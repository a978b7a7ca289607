// Package sim plays desks, their clerks, a bad line and a server against each
// other from one seed, and checks that nothing is lost, doubled or changed.
//
// Everything runs on one goroutine with its own clock and random numbers, so the
// same seed gives the same run. The desks' data files, the sync engine, the
// client and the server are the real ones; only the network is played. The
// package holds tests only.
package sim
