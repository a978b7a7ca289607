package screen

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"counterfoil/ui/viewmodel"
)

// shownBackups is how many of the newest stand in the settings.
const shownBackups = 5

// backupsSection is the part of the settings about backups.
func backupsSection(vm *viewmodel.Backups, t viewmodel.Phrases) fyne.CanvasObject {
	parts := []fyne.CanvasObject{prose(t.T("backups.explain"), false, mutedInk)}
	now := button(t.T("backups.now"), false, vm.BackUp)
	if vm.Busy() {
		now.Disable()
	}
	news := container.NewHBox(edged(now))
	if vm.Made() {
		news.Add(container.NewCenter(words(t.T("backups.made"), bodySize, false, goodInk)))
	}
	parts = append(parts, news)
	if m := vm.Message(); m != "" {
		parts = append(parts, prose(m, true, badInk))
	}
	if c := vm.Chosen(); c != nil {
		return section(t.T("backups.title"), append(parts, restorePart(vm, t, *c))...)
	}
	rows := vm.Rows()
	if len(rows) == 0 {
		parts = append(parts, prose(t.T("backups.none"), false, plainInk))
	}
	for _, f := range rows[:min(len(rows), shownBackups)] {
		look := button(t.T("backups.restore"), false, func() { vm.Look(f) })
		if vm.Busy() {
			look.Disable()
		}
		parts = append(parts, container.NewBorder(nil, nil, nil, container.NewHBox(edged(look)), around(prose(vm.Line(f), false, plainInk), 6, 0)))
	}
	return section(t.T("backups.title"), parts...)
}

// restorePart shows what would come of a restore, and asks.
func restorePart(vm *viewmodel.Backups, t viewmodel.Phrases, f viewmodel.BackupFact) fyne.CanvasObject {
	box := container.New(stacked{8}, prose(vm.Line(f), true, plainInk))
	lines := vm.Preview()
	if lines == nil {
		box.Add(words(t.T("backups.looking"), bodySize, false, mutedInk))
		return box
	}
	for _, l := range lines {
		box.Add(prose("· "+l, false, plainInk))
	}
	box.Add(row(button(t.T("backups.confirm"), true, vm.Confirm), button(t.T("backups.cancel"), false, vm.Cancel)))
	return box
}
