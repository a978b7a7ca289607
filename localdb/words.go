package localdb

import (
	"strings"
	"sync"
	"unicode"

	"github.com/mozillazg/go-pinyin"
	"golang.org/x/text/width"

	"counterfoil/app/invoice"
)

// fold makes searching blind to case and to full-width forms.
func fold(s string) string { return strings.ToLower(width.Fold.String(s)) }

// searchText is everything an invoice is found by, one field a line.
func searchText(v invoice.Invoice) string {
	var b strings.Builder
	add := func(s string) {
		if s != "" {
			b.WriteString(fold(s))
			b.WriteByte('\n')
		}
	}
	add(v.Number)
	add(v.Reference)
	for _, f := range invoice.Fields {
		if f.Searched {
			add(f.Text(v))
		}
	}
	add(initials(v.Buyer.Name))
	seen := map[string]bool{}
	name := func(s string) {
		if !seen[s] {
			seen[s] = true
			add(s)
			add(initials(s))
		}
	}
	for _, l := range v.Lines {
		name(l.Name)
	}
	for _, r := range v.RedRows {
		name(r.Name)
	}
	b.WriteString("\n\n") // every character starts a trigram
	return b.String()
}

// sounds of a character: distinct initials, and the first reading without tone.
type sounds struct {
	initials []byte
	reading  string
}

var knownSounds sync.Map // rune → sounds

func soundsOf(r rune) sounds {
	if v, ok := knownSounds.Load(r); ok {
		return v.(sounds)
	}
	var s sounds
	for _, p := range pinyin.SinglePinyin(r, pinyin.Args{Style: pinyin.Normal, Heteronym: true}) {
		if p == "" {
			continue
		}
		if s.reading == "" {
			s.reading = p
		}
		if strings.IndexByte(string(s.initials), p[0]) < 0 {
			s.initials = append(s.initials, p[0])
		}
	}
	knownSounds.Store(r, s)
	return s
}

// spellings bounds how many spellings of one name are kept.
const spellings = 16

// initials returns the pinyin initials of a name, Latin letters and digits kept,
// one spelling a line where characters have several readings: all of them up to
// the bound, then each other reading by itself. "" when nothing is Chinese.
func initials(name string) string {
	var options [][]byte
	chinese, all := false, 1
	for _, r := range fold(name) {
		if r < 0x80 {
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				options = append(options, []byte{byte(r)})
			}
			continue
		}
		if s := soundsOf(r); len(s.initials) > 0 {
			chinese = true
			options = append(options, s.initials)
			if all <= spellings {
				all *= len(s.initials)
			}
		}
	}
	if !chinese {
		return ""
	}
	first := make([]byte, len(options))
	for i, o := range options {
		first[i] = o[0]
	}
	if all == 1 {
		return string(first)
	}
	out := []string{string(first)}
	if all > spellings {
		for i, o := range options {
			for _, c := range o[1:] {
				v := append([]byte(nil), first...)
				v[i] = c
				out = append(out, string(v))
			}
		}
		return strings.Join(out, "\n")
	}
	for i, o := range options {
		for _, v := range out[:len(out):len(out)] {
			for _, c := range o[1:] {
				w := []byte(v)
				w[i] = c
				out = append(out, string(w))
			}
		}
	}
	return strings.Join(out, "\n")
}

// sortKey orders names as a Chinese reader expects: by the pinyin of their
// characters, Latin text as it stands.
func sortKey(name string) string {
	var b strings.Builder
	for _, r := range fold(name) {
		if r >= 0x80 {
			if s := soundsOf(r); s.reading != "" {
				b.WriteString(s.reading)
				b.WriteByte(' ')
				continue
			}
		}
		b.WriteRune(r)
	}
	return b.String()
}
