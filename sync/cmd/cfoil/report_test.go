package main

import (
	"archive/zip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The report of a self-check names the fault and holds the end of the log, and tells no
// host, address or user; where it cannot be written that is said.
func TestReport(t *testing.T) {
	s := newSeat(t).enrol(t, practiceServer(t))
	s.must(t, "", "sync", "--once") // it holds the folder, and so writes the log
	file := filepath.Join(t.TempDir(), "report.zip")
	s.must(t, "", "selfcheck", "--report", file)
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Fatal(info, err)
	}
	z, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	all := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		all[f.Name] = string(b)
	}
	home, _ := os.Hostname()
	for name, want := range map[string]string{"report.html": "Nothing is wrong", "report.json": `"verdict": "OK"`, "log.txt": `"msg":"open"`} {
		if !strings.Contains(all[name], want) {
			t.Errorf("%s lacks %s:\n%s", name, want, all[name])
		}
		if strings.Contains(all[name], s.dir) || len(home) > 3 && strings.Contains(all[name], home) {
			t.Errorf("%s tells where it comes from:\n%s", name, all[name])
		}
	}
	r := s.run(t, "", "selfcheck", "--report", filepath.Join(file, "x.zip"))
	if r.code != 1 || at(oneValue(t, r.out), "error", "code") != "report_write" {
		t.Errorf("%+v", r)
	}
	// A report is written over, nothing else is.
	s.must(t, "", "selfcheck", "--report", file)
	data := filepath.Join(s.dir, "counterfoil.db")
	for _, taken := range []string{data, s.dir, os.DevNull} {
		r := s.run(t, "", "selfcheck", "--report", taken)
		if r.code != 1 || at(oneValue(t, r.out), "error", "code") != "report_write" {
			t.Errorf("%s: %+v", taken, r)
		}
	}
	s.must(t, "", "list")
	odd := filepath.Join(t.TempDir(), "报告 #1 'of' %20; & so on.zip")
	s.must(t, "", "selfcheck", "--report", odd)
	if _, err := os.Stat(odd); err != nil {
		t.Error(err)
	}
}
