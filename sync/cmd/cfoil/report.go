package main

import (
	"bytes"
	"fmt"
	"runtime"
	"time"

	"counterfoil/app/books"
	"counterfoil/sync/desk"
	"counterfoil/sync/disk"
	"counterfoil/sync/journal"
	"counterfoil/sync/mask"
	"counterfoil/sync/probe"
	"counterfoil/sync/report"
)

// logLines are those of the log that go into a report.
const logLines = 500

// writeReport writes what IT needs to know of a self-check into a zip, masked unless
// --full asks for all but the secrets.
func (c *call) writeReport(file string, r probe.Report, url string) error {
	m := mask.New(mask.English, desk.Personal(c.data, c.opts["server"], url)...)
	if c.opts["full"] != "" {
		m.Keep(mask.Kinds...)
	}
	now := time.Now()
	log, err := journal.Tail(c.data, logLines)
	if err != nil {
		log = "the log cannot be read: " + err.Error()
	}
	about := report.Section{Title: "Counterfoil", Lines: []string{
		"version " + version, runtime.GOOS + "/" + runtime.GOARCH, "server " + url, now.Format("2006-01-02 15:04:05 -0700"),
	}}
	files, err := report.Source{
		Lang: "en", Title: fmt.Sprintf("Counterfoil · %s", r.Fault), Log: log,
		Sections: append([]report.Section{about}, report.OfCheck(r, "en")...),
		Data:     probe.SelfcheckJSON(r, func(text string) string { return text }), // Files masks
	}.Files(m)
	if err != nil {
		return err
	}
	var zip bytes.Buffer
	if err = report.Write(&zip, now, files); err == nil {
		err = report.Replaces(file)
	}
	if err == nil {
		err = disk.Replace(file, zip.Bytes())
	}
	if err != nil {
		return &books.Error{Code: "report_write", Text: "the report cannot be written: " + err.Error(), Hint: "name another file with --report", Err: err}
	}
	c.say("The report is in %s.", file)
	return nil
}
