package window

import (
	"counterfoil/app/locale"
	"counterfoil/sync/fault"
	"counterfoil/ui/viewmodel"
)

// both is a text of the fault catalogue for the view-models.
func both(t fault.Text) viewmodel.Bilingual { return viewmodel.Bilingual{ZH: t.ZH, EN: t.EN} }

// said is a text by its key in both languages, for what stays on the screen when
// the language is changed.
func said(words *locale.Catalog, key string, args ...any) viewmodel.Bilingual {
	in := func(lang string, pick func(viewmodel.Bilingual) string) string {
		all := make([]any, len(args))
		for i, a := range args {
			if b, ok := a.(viewmodel.Bilingual); ok {
				a = pick(b)
			}
			all[i] = a
		}
		return words.In(lang, key, all...)
	}
	return viewmodel.Bilingual{
		ZH: in("zh", func(b viewmodel.Bilingual) string { return b.ZH }),
		EN: in("en", func(b viewmodel.Bilingual) string { return b.EN }),
	}
}
