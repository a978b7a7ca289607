//go:build !race

package window

import (
	"context"
	"os"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"counterfoil/app/locale"
	"counterfoil/app/settings"
	"counterfoil/ui/look"
	"counterfoil/ui/screen"
	"counterfoil/ui/viewmodel"
	"counterfoil/ui/xwidget"
)

// trusting keeps any certificate.
type trusting struct{ branch }

func (trusting) Parse([]byte) ([]viewmodel.CASummary, error) {
	return []viewmodel.CASummary{{Subject: "Our CA", Fingerprint: "abcd"}}, nil
}

// The guide shows the lamps, and under the one that failed its checks: all of it fits on
// a small screen.
func TestFirstRunShowsTheLamps(t *testing.T) {
	app := test.NewTempApp(t)
	app.Settings().SetTheme(look.Theme{Choice: "light"})
	words, err := locale.New("zh")
	if err != nil {
		t.Fatal(err)
	}
	posted := make(loop, 1000)
	setup := viewmodel.Setup{Post: func(f func()) { posted <- f }, Now: func() time.Time { return noon }, Words: words}
	var b trusting
	guide := viewmodel.NewFirstRun(setup, b, b, b, viewmodel.NewWizard(setup, b, b, b.clock, func() int { return 0 }), settings.Settings{Language: "zh"})
	s := screen.NewFirstRun(guide, words, nil)
	w := test.NewTempWindow(t, s.Object())
	w.Resize(fyne.NewSize(1366, 690))
	guide.Connect()
	guide.Address("https://invoice.example:8443", "t")
	posted.until(t, "the certificate", func() bool { return guide.Step() == viewmodel.FirstCA })
	guide.CA.File([]byte("pem"))
	guide.CA.Type("abcd")
	guide.CA.Trust(context.Background())
	posted.until(t, "the finding", func() bool {
		return guide.Step() == viewmodel.FirstCheck && guide.Wizard.Stage() == viewmodel.StageHanded
	})
	for _, want := range []string{"本机 ▸", "安全连接 ▾", "安全连接", "发票服务器 ▸"} {
		if len(find(s.Object(), func(p *xwidget.Prose) bool { return p.String() == want })) == 0 {
			t.Errorf("%q is not shown", want)
		}
	}
	if h := s.Object().MinSize().Height; h > 690 {
		t.Errorf("the guide needs %v", h)
	}
	if to := os.Getenv("COUNTERFOIL_SHOW"); to != "" {
		write(t, to, whole(w.Canvas().Capture()))
	}
}
