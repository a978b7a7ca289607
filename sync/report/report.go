// Package report makes what is handed to IT or the server team: a zip with a page to
// read, the same as data, and the end of the log.
//
// Words: a Source is what is known; its Files are what the zip holds, masked. The files
// are made before anything is written, so that a person can read all of it first.
//
// It refuses to write what was not masked, and anything that its Files do not show.
package report

import (
	"archive/zip"
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"html/template"
	"io"
	"io/fs"
	"os"
	"time"

	"counterfoil/sync/mask"
)

// Section is a part of the page: a title with its lines.
type Section struct {
	Title string   `json:"title"`
	Lines []string `json:"lines"`
}

// Source is what is known.
type Source struct {
	Lang     string // "zh" or "en"
	Title    string
	Sections []Section
	Data     any    // for programs; nil: the sections alone
	Log      string // JSON lines, the newest last; empty: there is none
}

// File is one of the zip. Text is how a person reads it here; for the page that is the
// same without its markup.
type File struct {
	Name string
	Text string
	body []byte
}

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Parse(pageText))

// Files are report.html, report.json and, where there is a log, log.txt.
func (s Source) Files(m *mask.Masker) ([]File, error) {
	masked := Source{Lang: s.Lang, Title: m.Text(s.Title)}
	for _, part := range s.Sections {
		p := Section{Title: m.Text(part.Title)}
		for _, l := range part.Lines {
			p.Lines = append(p.Lines, m.Text(l))
		}
		masked.Sections = append(masked.Sections, p)
	}
	var html bytes.Buffer
	if err := page.Execute(&html, masked); err != nil {
		return nil, err
	}
	data, err := maskedJSON(map[string]any{"title": s.Title, "sections": s.Sections, "data": s.Data}, m)
	if err != nil {
		return nil, err
	}
	files := []File{
		{Name: pageName, Text: masked.plain(), body: html.Bytes()},
		{Name: dataName, Text: string(data), body: data},
	}
	if s.Log != "" {
		log := maskedLog(s.Log, m)
		files = append(files, File{Name: "log.txt", Text: log, body: []byte(log)})
	}
	return files, nil
}

// plain is the page as text.
func (s Source) plain() string {
	var b bytes.Buffer
	b.WriteString(s.Title + "\n")
	for _, p := range s.Sections {
		b.WriteString("\n" + p.Title + "\n")
		for _, l := range p.Lines {
			b.WriteString("  " + l + "\n")
		}
	}
	return b.String()
}

// maskedJSON is a value as JSON whose texts are masked, keys and all.
func maskedJSON(v any, m *mask.Masker) ([]byte, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var tree any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&tree); err != nil {
		return nil, err
	}
	return json.MarshalIndent(maskedTree(tree, m), "", "  ")
}

func maskedTree(v any, m *mask.Masker) any {
	switch v := v.(type) {
	case string:
		return m.Text(v)
	case []any:
		for i := range v {
			v[i] = maskedTree(v[i], m)
		}
	case map[string]any:
		out := map[string]any{}
		for k, x := range v {
			if x != nil && m.Withholds(k) {
				x = mask.Gone
			}
			out[m.Text(k)] = maskedTree(x, m)
		}
		return out
	}
	return v
}

// ErrTaken says that a file of this name is there and is no report.
var ErrTaken = errors.New("there is a file of this name already that is no report")

// Replaces returns ErrTaken where a file would be written over that is no report.
func Replaces(file string) error {
	info, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return ErrTaken // also a device
	}
	z, err := zip.OpenReader(file)
	if err != nil {
		return ErrTaken
	}
	ours := len(z.File) > 1 && z.File[0].Name == pageName && z.File[1].Name == dataName
	if err := z.Close(); err != nil || !ours {
		return ErrTaken
	}
	return nil
}

// The files of every report.
const (
	pageName = "report.html"
	dataName = "report.json"
)

// Write writes the files as a zip.
func Write(w io.Writer, at time.Time, files []File) error {
	z := zip.NewWriter(w)
	for _, f := range files {
		e, err := z.CreateHeader(&zip.FileHeader{Name: f.Name, Method: zip.Deflate, Modified: at})
		if err == nil {
			_, err = e.Write(f.body)
		}
		if err != nil {
			return errors.Join(err, z.Close())
		}
	}
	return z.Close()
}
