package screen

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"counterfoil/app/settings"
	"counterfoil/ui/viewmodel"
)

func init() {
	register(Page{Name: "settings", Place: 70, Open: func(h *Host) func() Content {
		return func() Content {
			s := NewSettings(h.Settings, h.Words, h.Choose)
			s.keep(h.Backups)
			if h.Practising {
				s.Leave = h.Leave
			} else {
				s.Practise = h.Practise
			}
			return Content{Object: s.Object(), Refresh: s.show}
		}
	}})
}

// Settings is the settings page. Its fields keep what is being typed while the
// page is drawn anew.
type Settings struct {
	vm   *viewmodel.Settings
	t    viewmodel.Phrases
	root *fyne.Container
	ca   *caImport

	body   *fyne.Container // what scrolls: the place stays when it is drawn anew
	scroll *container.Scroll
	keeper focusKeeper

	address, token *widget.Entry
	backups        *viewmodel.Backups // nil: there are none to speak of

	Leave    func() // leaves practice; nil: the folder is a real one
	Practise func() // goes to the practice folder; nil: it is one
}

// NewSettings makes the page. choose asks for a file and gives its content.
func NewSettings(vm *viewmodel.Settings, t viewmodel.Phrases, choose func(func(pem []byte))) *Settings {
	s := &Settings{vm: vm, t: t, root: container.NewStack(), body: container.NewStack(), ca: newCAImport(vm.CA, t, choose)}
	s.scroll = container.NewVScroll(s.body)
	s.root.Objects = []fyne.CanvasObject{page(t.T("settings.title"), "", nil, s.scroll)}
	s.address, s.token = widget.NewEntry(), widget.NewPasswordEntry()
	s.address.SetPlaceHolder("https://")
	s.address.Text = vm.URL()
	s.token.SetPlaceHolder(t.T("settings.token.keep"))
	vm.Changed = s.Refresh
	s.Refresh()
	return s
}

// keep shows the backups as well.
func (s *Settings) keep(b *viewmodel.Backups) {
	if s.backups = b; b != nil {
		b.Changed = s.Refresh
	}
}

// show is for each time that the page is shown: a backup may be new.
func (s *Settings) show() {
	if s.backups != nil {
		s.backups.Load()
	}
	s.Refresh()
}

// Object is the page.
func (s *Settings) Object() fyne.CanvasObject { return s.root }

// Refresh draws the page anew.
func (s *Settings) Refresh() {
	v := s.vm.Values()
	language := row(
		button("中文", v.Language == settings.Chinese, func() { s.vm.SetLanguage(settings.Chinese) }),
		button("English", v.Language == settings.English, func() { s.vm.SetLanguage(settings.English) }))
	var looks []fyne.CanvasObject
	for _, th := range []settings.Theme{settings.System, settings.Light, settings.Dark} {
		looks = append(looks, button(s.t.T("settings.theme."+string(th)), v.Theme == th, func() { s.vm.SetTheme(th) }))
	}
	notices := row(
		button(s.t.T("settings.notices.off"), !v.Notices, func() { s.vm.SetNotices(false) }),
		button(s.t.T("settings.notices.on"), v.Notices, func() { s.vm.SetNotices(true) }))
	save := button(s.t.T("settings.save"), true, func() {
		s.vm.Connect(s.address.Text, s.token.Text)
		s.token.SetText("")
	})
	if s.vm.Busy() {
		save.Disable()
	}
	news := container.NewHBox(save)
	if s.vm.Saved() {
		news.Add(container.NewCenter(words(s.t.T("settings.saved"), bodySize, false, goodInk)))
	}
	parts := []fyne.CanvasObject{field(s.t.T("settings.address"), s.address), field(s.t.T("settings.token"), s.token), field("", news)}
	if m := s.vm.Message(); m != "" {
		parts = append(parts, field("", prose(m, true, badInk)))
	}
	if s.Leave != nil {
		parts = append(parts, field("", prose(s.t.T("practice.leave.more"), false, mutedInk)), field("", container.NewHBox(edged(button(s.t.T("practice.leave"), false, s.Leave)))))
	}
	server := section(s.t.T("settings.server"), parts...)
	all := []fyne.CanvasObject{
		section(s.t.T("settings.look"), field(s.t.T("settings.language"), language), field(s.t.T("settings.theme"), row(looks...)),
			field(s.t.T("settings.notices"), notices)),
		server,
		section(s.t.T("settings.ca"), s.ca.build()),
	}
	if s.backups != nil {
		all = append(all, backupsSection(s.backups, s.t))
	}
	if s.Practise != nil {
		all = append(all, section(s.t.T("shell.practice"), container.NewHBox(edged(button(s.t.T("firstrun.practice"), false, s.Practise))), prose(s.t.T("practice.own"), false, mutedInk)))
	}
	body := column(false, append(all,
		section(s.t.T("settings.place"),
			field(s.t.T("settings.keyring"), around(prose(s.vm.Place.Keyring.In(s.t), false, plainInk), 6, 0)),
			field(s.t.T("settings.folder"), around(prose(s.vm.Place.Folder, false, plainInk), 6, 0)),
			field(s.t.T("settings.version"), around(prose(s.vm.Place.Version, false, plainInk), 6, 0))))...)
	s.keeper.draw(s.body, func() {
		s.body.Objects = []fyne.CanvasObject{body}
		s.body.Refresh()
		s.scroll.Refresh()
	}, s.t.T("backups.cancel"))
}

func section(title string, parts ...fyne.CanvasObject) fyne.CanvasObject {
	all := append([]fyne.CanvasObject{words(title, bodySize, true, plainInk)}, parts...)
	return card(container.New(stacked{10}, all...))
}

// field is a name with its control beside it.
func field(name string, o fyne.CanvasObject) fyne.CanvasObject {
	return container.NewBorder(nil, nil, container.NewGridWrap(fyne.NewSize(190, 34), container.NewBorder(nil, nil, container.NewCenter(words(name, bodySize, false, mutedInk)), nil)), nil,
		container.New(layout.NewCustomPaddedLayout(0, 0, 0, 0), o))
}

// caImport is the part that leads from a file to a trusted certificate.
type caImport struct {
	vm     *viewmodel.CAImport
	t      viewmodel.Phrases
	choose func(func([]byte))
	typed  *widget.Entry
}

func newCAImport(vm *viewmodel.CAImport, t viewmodel.Phrases, choose func(func([]byte))) *caImport {
	c := &caImport{vm: vm, t: t, choose: choose, typed: widget.NewEntry()}
	c.typed.SetPlaceHolder(t.T("settings.ca.type"))
	c.typed.OnChanged = vm.Type
	return c
}

func (c *caImport) build() fyne.CanvasObject {
	pick := button(c.t.T("settings.ca.file"), len(c.vm.Summary()) == 0, func() {
		c.choose(func(pem []byte) {
			c.typed.Text = ""
			c.vm.File(pem)
		})
	})
	pick.Icon = theme.FolderOpenIcon()
	box := container.New(stacked{8}, row(pick))
	if m := c.vm.Message(); m != "" {
		box.Add(prose(m, true, badInk))
	}
	if c.vm.Trusted() {
		box.Add(prose(c.t.T("settings.ca.trusted"), true, goodInk))
		return box
	}
	list := c.vm.Summary()
	if len(list) == 0 {
		box.Add(prose(c.t.T("settings.ca.explain"), false, mutedInk))
		return box
	}
	s := list[0]
	box.Add(field(c.t.T("settings.ca.subject"), around(prose(s.Subject, false, plainInk), 6, 0)))
	box.Add(field(c.t.T("settings.ca.valid"), around(prose(s.NotBefore.Local().Format("2006-01-02")+" – "+s.NotAfter.Local().Format("2006-01-02"), false, plainInk), 6, 0)))
	box.Add(field(c.t.T("settings.ca.fingerprint"), around(prose(s.Grouped(), false, plainInk), 6, 0)))
	box.Add(field(c.t.T("settings.ca.compare"), c.typed))
	trust := button(c.t.T("settings.ca.trust"), true, func() { c.vm.Trust(context.Background()) })
	if !c.vm.Match() || c.vm.Busy() {
		trust.Disable()
	}
	line := container.NewHBox(trust)
	switch {
	case c.vm.Match():
		line.Add(container.NewCenter(words(c.t.T("settings.ca.match"), bodySize, true, goodInk)))
	case c.vm.Wrong():
		line.Add(container.NewCenter(words(c.t.T("settings.ca.wrong"), bodySize, true, badInk)))
	}
	box.Add(field("", line))
	return box
}
