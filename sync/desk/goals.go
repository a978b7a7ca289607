package desk

import (
	"context"
	"encoding/json"

	"counterfoil/app/books"
	"counterfoil/sync/link"
)

// settingGoals keeps what the owner wants of the line.
const settingGoals = "goals"

// Goals are what the owner wants of the line.
func (c *Connection) Goals() link.Goals {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.goals
}

// SetGoals keeps them. It returns *books.Error "bad_goal" where one is none.
func (c *Connection) SetGoals(ctx context.Context, g link.Goals) error {
	if !g.Valid() {
		return &books.Error{Code: "bad_goal", Text: "a goal is a share between 0 and 1, or a time up to a minute"}
	}
	raw, err := json.Marshal(g)
	if err == nil {
		err = c.store.SetSetting(ctx, settingGoals, string(raw))
	}
	if err == nil {
		c.mu.Lock()
		c.goals = g
		c.mu.Unlock()
	}
	return err
}
