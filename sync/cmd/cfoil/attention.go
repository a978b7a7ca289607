package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"counterfoil/app/attention"
	"counterfoil/app/books"
	"counterfoil/app/locale"
)

// attentionOut is an entry for scripts. Texts pass masked.
type attentionOut struct {
	Key      string    `json:"key"`
	Severity string    `json:"severity"`
	Who      string    `json:"who"`
	ZH       string    `json:"zh"`
	EN       string    `json:"en"`
	Due      time.Time `json:"due,omitzero"`
	Until    time.Time `json:"snoozed_until,omitzero"`
}

// attentionCommand lists what wants a person; exit code 1 where anything does that is
// not put off.
func attentionCommand(ctx context.Context, c *call) error {
	if err := c.take(); err != nil {
		return err
	}
	d, err := c.open(ctx)
	if err != nil {
		return err
	}
	n, err := d.Store.Counts(ctx, books.Filter{})
	if err != nil {
		return err
	}
	d.Counted(n)
	d.ReadBackups()
	_ = d.ReadTrust(ctx) // a keyring that is locked tells nothing here
	if c.opts["snooze"] != "" || c.opts["wake"] != "" {
		return c.snooze(ctx, d.Attention())
	}
	texts, err := locale.New("en")
	if err != nil {
		return err
	}
	masked := c.masked(d.URL())
	list := d.Attention().List()
	out := []attentionOut{}
	for _, e := range list {
		o := attentionOut{e.Key, string(e.Severity), e.Who, masked(e.Say(texts, "zh")), masked(e.Say(texts, "en")), utc(e.Due), utc(e.Until)}
		out = append(out, o)
		c.say("%-12s %-22s %s  (%s)%s", o.Severity, o.Key, o.EN, o.Who, when(e))
	}
	if len(out) == 0 {
		c.say("Nothing wants attention.")
	}
	if c.json {
		if err := c.print(map[string]any{"attention": out}); err != nil {
			return err
		}
	}
	if _, ok := attention.Worst(list); ok {
		return errFound
	}
	return nil
}

func utc(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC().Truncate(time.Second)
}

func when(e attention.Entry) string {
	s := ""
	if !e.Due.IsZero() {
		s = "  breaks on " + e.Due.Local().Format(time.DateOnly)
	}
	if e.Snoozed() {
		s += "  put off until " + e.Until.Local().Format("2006-01-02 15:04")
	}
	return s
}

// snooze puts an item off, or brings it back.
func (c *call) snooze(ctx context.Context, r *attention.Register) error {
	key, until := c.opts["wake"], time.Time{}
	if c.opts["snooze"] != "" {
		d, err := span(c.opts["for"])
		if err != nil {
			return err
		}
		key, until = c.opts["snooze"], time.Now().Add(d)
	}
	there, err := r.Snooze(ctx, key, until)
	if err != nil {
		return err
	}
	if !there {
		return &books.Error{Code: "not_found", Text: "nothing of this name wants attention: " + key, Hint: "cfoil attention lists them"}
	}
	return c.print(map[string]any{"key": key, "snoozed_until": utc(until)})
}

// span reads a duration like 7d or 12h; empty is a day.
func span(s string) (time.Duration, error) {
	if s == "" {
		return 24 * time.Hour, nil
	}
	if n, ok := strings.CutSuffix(s, "d"); ok {
		days, err := strconv.Atoi(n)
		if err == nil && days > 0 && days <= 31 {
			return time.Duration(days) * 24 * time.Hour, nil
		}
	} else if d, err := time.ParseDuration(s); err == nil && d > 0 && d <= attention.LongestSnooze {
		return d, nil
	}
	return 0, usage{fmt.Sprintf("--for is a time like 12h or 7d, at most 31d, not %q", s)}
}
