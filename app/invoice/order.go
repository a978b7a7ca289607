package invoice

// OrderBetween returns a fractional index that sorts after a and before b; empty
// means the open end. Indexes are digits and lower-case letters and never end
// in '0', so there is always room.
func OrderBetween(a, b string) string {
	const digits = "0123456789abcdefghijklmnopqrstuvwxyz"
	value := func(c byte) int {
		if c >= 'a' {
			return int(c-'a') + 10
		}
		return int(c - '0')
	}
	var out []byte
	open := b == ""
	for i := 0; ; i++ {
		lo, hi := 0, len(digits)
		if i < len(a) {
			lo = value(a[i])
		}
		if !open && i < len(b) {
			hi = value(b[i])
		}
		switch {
		case hi-lo > 1:
			return string(append(out, digits[(lo+hi)/2]))
		case lo == hi:
		default: // neighbours: follow a, above it everything is free
			open = true
		}
		out = append(out, digits[lo])
	}
}

// OrderAfter returns a short fractional index that sorts after a, for a line at the
// end; a is empty for the first.
func OrderAfter(a string) string {
	if o := next(a); o > a {
		return o
	}
	return OrderBetween(a, "")
}

// Orders returns n rising indexes.
func Orders(n int) []string {
	out := make([]string, n)
	last := ""
	for i := range out {
		// Leave room to insert: steps of two digits, wide apart.
		last = next(last)
		out[i] = last
	}
	return out
}

// next returns an index after a that is short for documents typed from the top.
func next(a string) string {
	if a == "" {
		return "0001"
	}
	b := []byte(a)
	if len(b) > 4 {
		b = b[:4]
	}
	for i := len(b) - 1; i >= 0; i-- {
		switch {
		case b[i] == '9':
			b[i] = 'a'
			return string(b)
		case b[i] != 'z':
			b[i]++
			return string(b)
		}
		b[i] = '1'
	}
	return OrderBetween(a, "")
}

// Place fills in missing orders from the lines' places, keeping those given.
func Place(lines []Line) {
	for i := range lines {
		if lines[i].Order != "" {
			continue
		}
		before, after := "", ""
		if i > 0 {
			before = lines[i-1].Order
		}
		for _, l := range lines[i+1:] {
			if l.Order != "" {
				after = l.Order
				break
			}
		}
		if after == "" {
			lines[i].Order = OrderAfter(before)
		} else {
			lines[i].Order = OrderBetween(before, after)
		}
	}
}
