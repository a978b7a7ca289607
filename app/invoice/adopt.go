package invoice

import "slices"

// AdoptLines gives the lines of an edited document the ids, orders and extra
// fields of the lines they continue, so that a later merge sees edits and not a
// delete with an add. A line continues, in this order of preference: the old
// line with its own id; an equal one; one of the same name; the one in the same
// place. Lines left without an id are new.
func AdoptLines(old, edited []Line) []Line {
	out := slices.Clone(edited)
	taken := make([]bool, len(old))
	adopt := func(match func(o, n Line, i, j int) bool) {
		for j := range out {
			if out[j].Order != "" {
				continue
			}
			for i := range old {
				if !taken[i] && match(old[i], out[j], i, j) {
					taken[i] = true
					out[j].ID, out[j].Order = old[i].ID, old[i].Order
					if out[j].Extra == nil {
						out[j].Extra = old[i].Extra
					}
					break
				}
			}
		}
	}
	adopt(func(o, n Line, _, _ int) bool { return n.ID != "" && o.ID == n.ID })
	adopt(func(o, n Line, _, _ int) bool { return n.ID == "" && sameInput(o, n) })
	adopt(func(o, n Line, _, _ int) bool { return n.ID == "" && o.Name == n.Name })
	adopt(func(_, n Line, i, j int) bool { return n.ID == "" && i == j })
	// An order that no longer rises belongs to a moved line: it is given anew.
	last := ""
	for j := range out {
		if out[j].Order != "" && out[j].Order <= last {
			out[j].Order = ""
		}
		if out[j].Order != "" {
			last = out[j].Order
		}
	}
	return out
}

func sameInput(a, b Line) bool {
	return LineFields.Equal(a, b)
}
