package osproxy

import (
	"slices"
	"strings"
	"time"
)

var (
	dayNames   = []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}
	monthNames = []string{"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"}
)

// within reports whether n lies from a to b, around the end where b is before a.
func within(n, a, b int) bool {
	if a <= b {
		return a <= n && n <= b
	}
	return n >= a || n <= b
}

// inGMT takes a last argument "GMT" off.
func inGMT[T any](now time.Time, args []T) (time.Time, []T) {
	if len(args) > 0 {
		if s, ok := any(args[len(args)-1]).(string); ok && strings.EqualFold(s, "GMT") {
			return now.UTC(), args[:len(args)-1]
		}
	}
	return now, args
}

func weekdays(now time.Time, args []string) bool {
	now, args = inGMT(now, args)
	var days []int
	for _, a := range args {
		days = append(days, slices.Index(dayNames, strings.ToUpper(a)))
	}
	switch len(days) {
	case 1:
		return int(now.Weekday()) == days[0]
	case 2:
		return within(int(now.Weekday()), days[0], days[1])
	}
	return false
}

// hours is timeRange: hour; from hour, to hour; with minutes; with seconds.
func hours(now time.Time, args []any) bool {
	now, args = inGMT(now, args)
	n := numbers(args)
	second := func(f []int) int {
		f = append(slices.Clone(f), 0, 0)
		return f[0]*3600 + f[1]*60 + f[2]
	}
	at := now.Hour()*3600 + now.Minute()*60 + now.Second()
	switch len(n) {
	case 1:
		return now.Hour() == n[0]
	case 2:
		return within(now.Hour(), n[0], n[1]-1)
	case 4, 6:
		return within(at, second(n[:len(n)/2]), second(n[len(n)/2:]))
	}
	return false
}

// dates is dateRange in its forms: a day, a month, a year, or a range of days, months,
// years, days with months, months with years, or all three.
func dates(now time.Time, args []any) bool {
	now, args = inGMT(now, args)
	from, to := args, args
	if len(args) > 1 {
		from, to = args[:len(args)/2], args[len(args)/2:]
	}
	now0, a, b := 0, 0, 0
	for _, part := range []struct {
		of    func(any) int
		value int
	}{{yearOf, now.Year()}, {monthOf, int(now.Month())}, {dayOf, now.Day()}} {
		x, y := first(from, part.of), first(to, part.of)
		if x > 0 && y > 0 {
			now0, a, b = now0*100+part.value, a*100+x, b*100+y
		}
	}
	return a > 0 && within(now0, a, b)
}

func first(args []any, of func(any) int) int {
	for _, a := range args {
		if n := of(a); n > 0 {
			return n
		}
	}
	return 0
}

func numberOf(a any) int {
	switch n := a.(type) {
	case int64:
		return int(n)
	case float64:
		return int(n)
	}
	return 0
}

func numbers(args []any) (out []int) {
	for _, a := range args {
		out = append(out, numberOf(a))
	}
	return out
}

func yearOf(a any) int {
	if n := numberOf(a); n > 31 {
		return n
	}
	return 0
}

func dayOf(a any) int {
	if n := numberOf(a); n <= 31 {
		return n
	}
	return 0
}

func monthOf(a any) int {
	s, _ := a.(string)
	return slices.Index(monthNames, strings.ToUpper(s)) + 1
}
