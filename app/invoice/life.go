package invoice

// CanGo reports whether the life-cycle has a step from one state to another.
func CanGo(from, to State) bool {
	switch from {
	case Draft:
		return to == Waiting
	case Waiting:
		return to == Draft || to == Issued || to == Rejected
	case Rejected:
		return to == Draft
	case Issued:
		return to == Reversed
	}
	return false
}
