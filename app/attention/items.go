package attention

import (
	"strconv"
	"strings"
	"time"
)

const day = 24 * time.Hour

// daysLeft are whole days until a time, 0 once it is past.
func daysLeft(end, now time.Time) int { return max(0, int(end.Sub(now)/day)) }

// A Term is something that ends at a time, like a certificate.
type Term struct {
	Key, Words string
	Who, Page  string
	Ends       time.Time     // zero: not known, so nothing is said
	Early      time.Duration // before its end that it is named; half of that: Slows
	After      Severity      // once it ended
}

// Item is what a term amounts to now.
func (t Term) Item(now time.Time) (Item, bool) {
	left := t.Ends.Sub(now)
	if t.Ends.IsZero() || left > t.Early {
		return Item{}, false
	}
	i := Item{Key: t.Key, Severity: Notice, Who: t.Who, Page: t.Page, Due: t.Ends, Words: t.Words, Args: []any{daysLeft(t.Ends, now)}}
	switch {
	case left <= 0:
		i.Severity, i.Words, i.Args = t.After, t.Words+".over", []any{t.Ends.Local().Format(time.DateOnly)}
	case left <= t.Early/2:
		i.Severity = Slows
	}
	return i, true
}

// Certificate is the server's, which ends.
func Certificate(ends time.Time) Term {
	return Term{Key: "server_certificate", Words: "certificate", Who: Server, Page: "connection", Ends: ends, Early: 15 * day, After: Stops}
}

// Authority is the CA certificate that this computer trusts.
func Authority(ends time.Time) Term {
	return Term{Key: "ca_certificate", Words: "ca", Who: IT, Page: "settings", Ends: ends, Early: 60 * day, After: Stops}
}

// Client is the certificate that this computer shows to the server.
func Client(ends time.Time) Term {
	return Term{Key: "client_certificate", Words: "client", Who: IT, Page: "settings", Ends: ends, Early: 30 * day, After: Stops}
}

// Terms is the source of what ends.
func Terms(list func() []Term) Source {
	return func(now time.Time) (out []Item) {
		for _, t := range list() {
			if i, ok := t.Item(now); ok {
				out = append(out, i)
			}
		}
		return out
	}
}

// Clock is the source of this computer's clock: how far the server's is ahead of it.
// A minute is named; five make certificates fail.
func Clock(ahead func() time.Duration) Source {
	return func(time.Time) []Item {
		d := ahead()
		i := Item{Key: "clock", Severity: Notice, Who: You, Page: "connection", Words: "clock.slow", Args: []any{minutes(d)}}
		switch {
		case d.Abs() < time.Minute:
			return nil
		case d.Abs() >= 5*time.Minute:
			i.Severity = Slows
		}
		if d < 0 {
			i.Words = "clock.fast"
		}
		return []Item{i}
	}
}

func minutes(d time.Duration) int { return int((d.Abs() + 30*time.Second) / time.Minute) }

// Backup is the source of copies of the data: when the last good one was made, zero
// for none, and since when there are data that want one, zero for none yet.
func Backup(last func() (made, since time.Time)) Source {
	return func(now time.Time) []Item {
		made, since := last()
		i := Item{Key: "backup", Severity: Notice, Who: You, Page: "settings", Words: "backup", Args: []any{daysLeft(now, made)}}
		age := now.Sub(made)
		if made.IsZero() {
			i.Words, i.Args, age = "backup.none", nil, now.Sub(since)
		}
		switch {
		case since.IsZero() && made.IsZero(), age < 2*day:
			return nil
		case age >= 7*day:
			i.Severity = Slows
		}
		return []Item{i}
	}
}

// Version is the source of the program's end: the oldest version that the server
// takes, "" for any. Versions compare by their numbers.
func Version(mine string, oldest func() string) Source {
	return func(time.Time) []Item {
		least := oldest()
		if least == "" || !older(mine, least) {
			return nil
		}
		return []Item{{Key: "version", Severity: Stops, Who: IT, Words: "version", Args: []any{mine, least}}}
	}
}

// older compares the numbers of two versions; what has none is not older.
func older(a, b string) bool {
	x, y := numbers(a), numbers(b)
	if x == nil {
		return false
	}
	for i := range max(len(x), len(y)) {
		switch m, n := at(x, i), at(y, i); {
		case m < n:
			return true
		case m > n:
			return false
		}
	}
	return false
}

func at(n []int, i int) int {
	if i < len(n) {
		return n[i]
	}
	return 0
}

func numbers(v string) (out []int) {
	v, _, _ = strings.Cut(strings.TrimPrefix(v, "v"), "-")
	for _, part := range strings.Split(v, ".") {
		n, err := strconv.Atoi(part)
		if err != nil {
			return nil
		}
		out = append(out, n)
	}
	return out
}

// Waiting is the source of documents that a person must decide on. They hold up
// nothing but themselves.
func Waiting(count func() (conflicts, refused int)) Source {
	return func(time.Time) (out []Item) {
		conflicts, refused := count()
		if conflicts > 0 {
			out = append(out, Item{Key: "conflicts", Severity: Notice, Who: You, Page: "conflicts", Words: "conflicts", Args: []any{conflicts}})
		}
		if refused > 0 {
			out = append(out, Item{Key: "refused", Severity: Notice, Who: You, Page: "invoices", Words: "refused", Args: []any{refused}})
		}
		return out
	}
}

// A Quota is something of which only so much is left, or that must be done by a time,
// like the credit limit or the monthly return. Who knows of one plugs in a source.
type Quota struct {
	Key         string
	Name        Text
	Left, Limit int64     // of a limit; 0, 0: it has none
	Due         time.Time // of a deadline; zero: it has none
	Who         string
}

// deadline is how long before its end a deadline is named.
const deadline = 5 * day

// Quotas is the source of limits and deadlines: less than a fifth left is named, less
// than a twentieth slows, nothing left stops.
func Quotas(list func() []Quota) Source {
	return func(now time.Time) (out []Item) {
		for _, q := range list() {
			i := Item{Key: "quota." + q.Key, Severity: Notice, Who: q.Who, Text: q.Name, Due: q.Due}
			low := q.Limit > 0 && q.Left*5 <= q.Limit
			near := !q.Due.IsZero() && q.Due.Sub(now) <= deadline
			switch {
			case !low && !near:
				continue
			case q.Limit > 0 && q.Left <= 0, near && !q.Due.After(now):
				i.Severity = Stops
			case q.Limit > 0 && q.Left*20 <= q.Limit, near && q.Due.Sub(now) <= day:
				i.Severity = Slows
			}
			out = append(out, i)
		}
		return out
	}
}
