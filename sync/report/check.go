package report

import (
	"fmt"
	"strings"

	"counterfoil/sync/fault"
	"counterfoil/sync/probe"
)

// titles of the sections of a self-check.
var (
	foundTitle  = fault.Text{ZH: "自检结果", EN: "Self-check"}
	othersTitle = fault.Text{ZH: "说明", EN: "For who must act"}
	checksTitle = fault.Text{ZH: "检查", EN: "Checks"}
	seenTitle   = fault.Text{ZH: "观察记录", EN: "What was observed"}
	wellTitle   = fault.Text{ZH: "没有发现问题", EN: "Nothing is wrong"}
	noCause     = fault.Text{ZH: "没有找到确定的原因", EN: "No certain cause was found"}
	alsoTitle   = fault.Text{ZH: "另外：", EN: "Also: "}
)

var confidences = map[fault.Confidence]fault.Text{
	fault.Proven: {ZH: "已确认", EN: "proven"}, fault.Likely: {ZH: "很可能", EN: "likely"},
}

var actors = map[fault.Who]fault.Text{
	fault.You: {ZH: "由开票员处理", EN: "the clerk acts"}, fault.IT: {ZH: "由 IT 处理", EN: "IT acts"},
	fault.Team: {ZH: "由服务器团队处理", EN: "the server team acts"}, fault.App: {ZH: "程序自行处理", EN: "the program acts"},
}

// OfCheck are the sections of a self-check in "zh" or "en".
func OfCheck(r probe.Report, lang string) []Section {
	found := Section{Title: foundTitle.In(lang)}
	say := func(f fault.Finding, before string) fault.Fault {
		row, ok := fault.Lookup(f.Fault)
		switch {
		case ok:
			found.Lines = append(found.Lines,
				fmt.Sprintf("%s%s  %s · %s · %s", before, row.ID, row.Title.In(lang), confidences[f.Confidence].In(lang), actors[row.Who].In(lang)),
				row.Say(lang, f.Values))
		case f.Fault == fault.OK:
			found.Lines = append(found.Lines, wellTitle.In(lang))
		default:
			found.Lines = append(found.Lines, noCause.In(lang))
		}
		return row
	}
	row := say(r.Finding, "")
	for _, a := range r.Also {
		say(a, alsoTitle.In(lang))
	}
	out := []Section{found}
	if text := row.Tell(lang, r.Values); text != "" {
		out = append(out, Section{othersTitle.In(lang), []string{text}})
	}
	checks, seen := Section{Title: checksTitle.In(lang)}, Section{Title: seenTitle.In(lang)}
	for _, c := range r.Checks {
		checks.Lines = append(checks.Lines, fmt.Sprintf("[%s] %s  %d ms  %s", c.State, c.Title.In(lang), c.MS, c.Result))
	}
	for _, o := range r.Observations {
		seen.Lines = append(seen.Lines, line(o))
	}
	return append(out, checks, seen)
}

// line is an observation in one line.
func line(o fault.Observation) string {
	parts := []string{o.Kind, o.Stage, o.Via, o.Target, string(o.Outcome), o.Code}
	if o.Status != 0 {
		parts = append(parts, fmt.Sprintf("HTTP %d", o.Status))
	}
	if o.RTT != 0 {
		parts = append(parts, fmt.Sprintf("%d ms", o.RTT))
	}
	parts = append(parts, o.Detail)
	var said []string
	for _, p := range parts {
		if p != "" {
			said = append(said, p)
		}
	}
	return strings.Join(said, "  ")
}
