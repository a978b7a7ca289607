package main

import (
	"counterfoil/localdb"
	"counterfoil/sync/fault"
	"counterfoil/sync/probe"
)

// storeFault turns a data folder that cannot be opened into a finding.
func (c *call) storeFault(err error) error {
	id := localdb.Classify(err)
	if id == "" {
		return err
	}
	report := probe.Report{Finding: fault.Finding{
		Fault: fault.ID(id), Confidence: fault.Proven,
		Evidence: []fault.Evidence{{Probe: "store", Result: err.Error()}},
	}}
	if err := c.report(report, c.masked()); err != nil {
		return err
	}
	return errFound
}
