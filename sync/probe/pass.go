package probe

import (
	"context"
	"net/http"

	"counterfoil/sync/fault"
	"counterfoil/sync/wire"
)

// askPass changes the token for a pass, as the program itself does, and returns what is to
// be shown from then on. A server that has no such thing takes the token as it is.
func (w *walk) askPass(ctx context.Context, token string) (asked, string) {
	a := w.insist(ctx, func(over *http.Transport, via string) asked {
		a := w.ask(ctx, request{target: "token", over: over, via: via, method: http.MethodPost, path: "/v1/token", token: token, step: trafficBudget, header: http.Header{"Accept": {acceptJSON}}})
		var p wire.Pass
		a.ofTraffic(&p, func() bool { return p.Token != "" })
		return a
	})
	w.stalled = a.Code == "timeout"
	var p wire.Pass
	if a.Outcome != fault.Yes || wire.Unmarshal(a.body, &p) != nil {
		return a, token
	}
	return a, p.Token
}
