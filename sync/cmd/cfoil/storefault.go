package main

import (
	"counterfoil/sync/fault"
	"counterfoil/sync/probe"
)

// storeFault turns a data folder that cannot be opened into a report. It returns
// other errors as they are.
func (c *call) storeFault(err error) error {
	o := fault.OfError(err)
	o.Kind = "store"
	v := fault.Judge(fault.SetOf(o))
	if v.Confidence != fault.Proven {
		return err
	}
	report := probe.Report{
		Verdict: v, Observations: []fault.Observation{o},
		Checks: []probe.Check{{ID: "store", State: probe.Bad, Result: err.Error()}},
	}
	if err := c.report(report, c.masked()); err != nil {
		return err
	}
	return errFound
}
