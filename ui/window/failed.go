package window

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"counterfoil/app/locale"
	"counterfoil/ui/look"
	"counterfoil/ui/viewmodel"
)

// showFailure says in a window why the program cannot start: a clerk has no
// terminal to read it from.
func showFailure(o Options, err error) {
	words, lerr := locale.New(o.Language)
	if lerr != nil {
		return // the texts are embedded: a test holds that they can be read
	}
	a := app.NewWithID(appID)
	a.SetIcon(look.App())
	a.Settings().SetTheme(look.Theme{Choice: o.Theme})
	w := a.NewWindow(windowTitle)
	head := canvas.NewText(words.T("start.failed"), a.Settings().Theme().Color("foreground", a.Settings().ThemeVariant()))
	head.TextSize, head.TextStyle.Bold = 17, true
	what := widget.NewLabel(viewmodel.Sentence(words, err))
	what.Wrapping, what.Selectable = fyne.TextWrapWord, true
	detail := widget.NewLabel(err.Error())
	detail.Wrapping, detail.Selectable = fyne.TextWrapWord, true
	more := widget.NewAccordion(widget.NewAccordionItem(words.T("start.detail"), detail))
	end := widget.NewButton(words.T("start.close"), w.Close)
	end.Importance = widget.HighImportance
	inset := func(o fyne.CanvasObject) fyne.CanvasObject {
		return container.New(layout.NewCustomPaddedLayout(8, 4, 7, 7), o)
	}
	w.SetContent(container.NewPadded(container.NewBorder(inset(head), inset(container.NewHBox(end)), nil, nil, container.NewVBox(what, more))))
	w.Resize(fyne.NewSize(520, 260))
	w.CenterOnScreen()
	w.ShowAndRun()
}
