package screen

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"counterfoil/app/settings"
	"counterfoil/ui/look"
	"counterfoil/ui/viewmodel"
	"counterfoil/ui/xwidget"
)

func init() {
	register(Page{Name: "firstrun", Bare: true, Open: func(h *Host) func() Content {
		return func() Content { return Content{Object: NewFirstRun(h.FirstRun, h.Words, h.Choose).Object()} }
	}})
}

// FirstRun is the guide from an empty folder to the first invoice.
type FirstRun struct {
	vm   *viewmodel.FirstRun
	t    viewmodel.Phrases
	root *fyne.Container
	ca   *caImport

	checks *checks

	address, token *widget.Entry
}

// NewFirstRun makes the guide. choose asks for a file and gives its content.
func NewFirstRun(vm *viewmodel.FirstRun, t viewmodel.Phrases, choose func(func(pem []byte))) *FirstRun {
	s := &FirstRun{vm: vm, t: t, root: container.NewStack(), ca: newCAImport(vm.CA, t, choose)}
	s.checks = newChecks(vm.Wizard, t)
	s.checks.brief = true
	s.address, s.token = widget.NewEntry(), widget.NewPasswordEntry()
	s.address.SetPlaceHolder("https://")
	s.address.Text = vm.URL()
	s.address.OnSubmitted = func(string) { s.vm.Address(s.address.Text, s.token.Text) }
	s.token.OnSubmitted = s.address.OnSubmitted
	vm.Changed = s.Refresh
	s.Refresh()
	return s
}

// Object is the guide; it fills the window.
func (s *FirstRun) Object() fyne.CanvasObject { return s.root }

// Refresh draws the page anew.
func (s *FirstRun) Refresh() {
	var parts []fyne.CanvasObject
	title := s.t.T("firstrun." + string(s.vm.Step()))
	switch s.vm.Step() {
	case viewmodel.FirstLanguage:
		parts = append(parts, container.NewGridWithColumns(2,
			button("中文", true, func() { s.vm.Language(settings.Chinese) }),
			edged(button("English", false, func() { s.vm.Language(settings.English) }))))
	case viewmodel.FirstChoice:
		parts = append(parts, s.option("practice", true, s.vm.Practice), rule(), s.option("connect", false, s.vm.Connect))
	case viewmodel.FirstAddress:
		parts = append(parts, prose(s.t.T("firstrun.address.more"), false, mutedInk), field(s.t.T("settings.address"), s.address), field(s.t.T("settings.token"), s.token),
			field("", container.NewHBox(s.next(s.t.T("firstrun.next"), func() { s.vm.Address(s.address.Text, s.token.Text) }))))
	case viewmodel.FirstCA:
		parts = append(parts, s.ca.build())
	case viewmodel.FirstCheck:
		s.checks.draw()
		parts = append(parts, s.checks.box)
		if f := s.vm.Wizard.Finding(); s.vm.Wizard.Stage() == viewmodel.StageFinding || s.vm.Wizard.Stage() == viewmodel.StageHanded {
			parts = append(parts, prose(f.Title.In(s.t)+" · "+f.Sentence.In(s.t), true, badInk), prose(s.t.T("firstrun.check.later"), false, mutedInk))
		}
		parts = append(parts, container.NewHBox(s.next(s.t.T("firstrun.next"), s.vm.Next)))
	case viewmodel.FirstDone:
		parts = append(parts, prose(s.t.T("firstrun.done.more"), false, plainInk), container.NewHBox(s.next(s.t.T("firstrun.first_invoice"), s.vm.Finish)))
	}
	if m := s.vm.Message(); m != "" {
		parts = append(parts, prose(m, true, badInk))
	}
	head := words(title, titleSize, true, plainInk)
	all := append([]fyne.CanvasObject{head}, parts...)
	if st := s.vm.Step(); st != viewmodel.FirstLanguage && st != viewmodel.FirstDone {
		all = append(all, row(button(s.t.T("firstrun.back"), false, s.vm.Back)))
	}
	body := framed(around(container.New(stacked{16}, all...), 28, 32))
	s.root.Objects = []fyne.CanvasObject{container.NewCenter(container.New(stacked{20}, greeting(), container.New(&wideLayout{680}, body)))}
	s.root.Refresh()
}

// greeting says what this is, before a language is chosen.
func greeting() fyne.CanvasObject {
	name := container.New(stacked{2}, words("存根开票 Counterfoil", 22, true, plainInk),
		words("断线也能开票，恢复后自动上传 · Invoices go on without a line", 13, false, mutedInk))
	logo := canvas.NewImageFromResource(look.App())
	logo.FillMode = canvas.ImageFillContain
	logo.SetMinSize(fyne.NewSize(48, 48))
	return container.NewCenter(container.New(layout.NewCustomPaddedHBoxLayout(14), container.NewCenter(logo), name))
}

func (s *FirstRun) next(label string, f func()) *xwidget.Button {
	b := button(label, true, f)
	if s.vm.Busy() {
		b.Disable()
	}
	return b
}

func (s *FirstRun) option(key string, primary bool, f func()) fyne.CanvasObject {
	b := button(s.t.T("firstrun."+key), primary, f)
	if s.vm.Busy() {
		b.Disable()
	}
	return container.New(stacked{6}, row(b), prose(s.t.T("firstrun."+key+".more"), false, mutedInk))
}

// wideLayout gives its object a fixed width.
type wideLayout struct{ width float32 }

func (l *wideLayout) MinSize(o []fyne.CanvasObject) fyne.Size {
	// Wrapping text knows its height only once it has its width.
	o[0].Resize(fyne.NewSize(l.width, o[0].MinSize().Height))
	return fyne.NewSize(l.width, o[0].MinSize().Height)
}

func (l *wideLayout) Layout(o []fyne.CanvasObject, s fyne.Size) { o[0].Resize(s) }
