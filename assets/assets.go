// Package assets embeds what the program shows: fonts, icons and texts.
package assets

import "embed"

// Regular and Bold are Noto Sans SC, cut down to GB 2312 and characters of names.
var (
	//go:embed font/NotoSansSC-Regular.otf
	Regular []byte
	//go:embed font/NotoSansSC-Bold.otf
	Bold []byte
)

// Icons holds icon/*.svg and icon/mark.png.
//
//go:embed icon/*.svg icon/mark.png
var Icons embed.FS

// Locale holds locale/{zh,en}/*.json: flat maps of key to text.
//
//go:embed locale
var Locale embed.FS
