package tax

// Policy is the number of a preferential policy 优惠政策 of a line, "" for none.
type Policy string

// Policies lists the numbers of the bureau's list; their names are texts
// "policy.01" and so on.
var Policies = []Policy{"01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12", "13", "14", "15", "16", "17", "18", "19", "20"}

// Known reports whether the bureau's list has the number; none is known too.
func (p Policy) Known() bool {
	if p == "" {
		return true
	}
	for _, k := range Policies {
		if k == p {
			return true
		}
	}
	return false
}

// Choices returns the numbers to choose from, none first.
func (Policy) Choices(string) []string {
	out := []string{""}
	for _, p := range Policies {
		out = append(out, string(p))
	}
	return out
}

// ValidCode reports whether a text is a tax classification code 税收分类编码: 19
// digits, or empty for none.
func ValidCode(s string) bool {
	for _, r := range s {
		if r < '0' || r > '9' {
			return false
		}
	}
	return s == "" || len(s) == 19
}
