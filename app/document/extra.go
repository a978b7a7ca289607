package document

import "reflect"

// MergeExtra returns d with other fields of a newer program: in the document and in
// each of its parts, those that merge makes of what d and theirs have there. Entries
// of lists are left alone. theirs is of the same type.
func MergeExtra(d, theirs Document, merge func(mine, theirs Extra) Extra) Document {
	out := settable(d)
	mergeExtra(out, reflect.ValueOf(theirs), merge)
	return out.Interface().(Document)
}

func mergeExtra(mine, theirs reflect.Value, merge func(mine, theirs Extra) Extra) {
	for i := range mine.NumField() {
		at := mine.Field(i)
		_, isPart := mine.Type().Field(i).Tag.Lookup("field")
		switch {
		case at.Type() == reflect.TypeFor[Extra]():
			at.Set(reflect.ValueOf(merge(at.Interface().(Extra), theirs.Field(i).Interface().(Extra))))
		case isPart && nests(at.Type()):
			mergeExtra(at, theirs.Field(i), merge)
		}
	}
}
