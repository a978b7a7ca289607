package practice

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"

	"counterfoil/sync/server/access"
	"counterfoil/sync/wire"
)

// An office works on the server like any other: an ordinary client of the
// protocol with a token and a device of its own. It stands inside, where no fault
// is, and is used by one at a time.
type office struct {
	srv    http.Handler
	who    access.Principal
	token  string
	device string
	seq    int64 // of its last operation
	cursor string
}

func newOffice(name string) *office {
	return &office{who: access.Principal{Company: company, Branch: name, Whole: true, Roles: access.Roles}, token: rand.Text(), device: newID()}
}

// refused is a problem that the server answered with.
type refused wire.Problem

func (r *refused) Error() string {
	return fmt.Sprintf("the practice server says %s: %s", r.Code, r.Title)
}

// ask sends a request and reads the answer; a problem is *refused.
func (o *office) ask(ctx context.Context, method, target string, body []byte, answer any) error {
	req, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+o.token)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(wire.HeaderDevice, o.device)
	rec := record(o.srv.ServeHTTP, req)
	if rec.status == http.StatusOK {
		return wire.Unmarshal(rec.body.Bytes(), answer)
	}
	var no refused
	if err := wire.Unmarshal(rec.body.Bytes(), &no); err != nil {
		return fmt.Errorf("status %d: %w", rec.status, err)
	}
	return &no
}

// push asks for one change of each document and returns the answers.
func (o *office) push(ctx context.Context, ops ...wire.Operation) ([]wire.Answer, error) {
	for i := range ops {
		o.seq++
		ops[i].OperationID, ops[i].Schema, ops[i].Hash = wire.OperationID(o.device, o.seq), wire.Schema, wire.Hash(ops[i].Body)
	}
	body, err := wire.Marshal(wire.PushRequest{Device: o.device, Protocol: wire.Protocol, Operations: ops})
	if err != nil {
		return nil, err
	}
	var out wire.PushAnswer
	if err := o.ask(ctx, http.MethodPost, "/v1/push", body, &out); err != nil {
		return nil, err
	}
	if len(out.Answers) != len(ops) {
		return nil, fmt.Errorf("%d answers to %d operations", len(out.Answers), len(ops))
	}
	return out.Answers, nil
}

// pull hands over every change since the last time, in order.
func (o *office) pull(ctx context.Context, take func(wire.Change)) error {
	for {
		var page wire.PullAnswer
		if err := o.ask(ctx, http.MethodGet, "/v1/pull?cursor="+url.QueryEscape(o.cursor), nil, &page); err != nil {
			return err
		}
		for _, c := range page.Changes {
			take(c)
		}
		if o.cursor = page.Cursor; !page.More {
			return nil
		}
	}
}
