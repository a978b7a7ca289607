package practice

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"counterfoil/app/books"
)

// Fault is one switch.
type Fault struct {
	ID      string
	TitleEN string
	TitleZH string
	On      bool
}

var faults = []Fault{
	{ID: "T01", TitleEN: "Server stopped", TitleZH: "服务未启动"},
	{ID: "S01", TitleEN: "Certificate expired", TitleZH: "服务器证书过期"},
	{ID: "S03", TitleEN: "Clocks differ by a day", TitleZH: "时钟相差一天"},
	{ID: "S04", TitleEN: "Certificate of another host", TitleZH: "证书属于另一台主机"},
	{ID: "S06", TitleEN: "Unknown certificate authority", TitleZH: "证书颁发机构未知"},
	{ID: "S07", TitleEN: "Certificate authority replaced", TitleZH: "CA 已更换"},
	{ID: "S11", TitleEN: "Connection intercepted", TitleZH: "HTTPS 被拦截"},
	{ID: "S17", TitleEN: "No encryption on this port", TitleZH: "端口未加密"},
	{ID: "H01", TitleEN: "Token expired", TitleZH: "登录过期"},
	{ID: "H02", TitleEN: "Not allowed", TitleZH: "没有权限"},
	{ID: "H11", TitleEN: "Too many requests", TitleZH: "请求过多"},
	{ID: "H14", TitleEN: "Server too old", TitleZH: "服务器版本过旧"},
	{ID: "H15", TitleEN: "Another system answers", TitleZH: "连到了其他系统"},
	{ID: "H16", TitleEN: "A web page instead of data", TitleZH: "返回网页"},
	{ID: "H17", TitleEN: "Server error 500", TitleZH: "服务器内部错误 500"},
	{ID: "H19", TitleEN: "Server overloaded 503", TitleZH: "服务器过载 503"},
	{ID: "H21", TitleEN: "Maintenance", TitleZH: "维护中"},
	{ID: "H24", TitleEN: "Answers cut short", TitleZH: "应答被截断"},
	{ID: "H27", TitleEN: "Answers lost after commit", TitleZH: "提交后应答丢失"},
	{ID: "B01", TitleEN: "Database down", TitleZH: "数据库不可用"},
	{ID: "B04", TitleEN: "Tax service down", TitleZH: "税务平台不可用"},
	{ID: "P01", TitleEN: "Server slow", TitleZH: "服务器缓慢"},
}

// Faults lists the switches as they are.
func (p *Practice) Faults() []Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := slices.Clone(faults)
	for i := range out {
		out[i].On = p.on[out[i].ID]
	}
	return out
}

func (p *Practice) is(id string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.on[id]
}

// Known reports whether there is such a fault.
func Known(id string) bool {
	return slices.ContainsFunc(faults, func(f Fault) bool { return f.ID == id })
}

// Set switches a fault. A fault of the connection closes the open ones, so that
// the next request meets it. An id that is not in Faults gives *books.Error "fault_unknown".
func (p *Practice) Set(id string, on bool) error {
	if !Known(id) {
		var ids []string
		for _, f := range faults {
			ids = append(ids, f.ID)
		}
		return &books.Error{Code: "fault_unknown", Text: fmt.Sprintf("there is no practice fault %q", id), Hint: "choose from " + strings.Join(ids, ", ")}
	}
	p.mu.Lock()
	was := p.on[id]
	p.on[id] = on
	p.mu.Unlock()
	if was == on {
		return nil
	}
	err := p.apply(id, on)
	p.mu.Lock()
	for c := range p.conns {
		if id != "T01" && !strings.HasPrefix(id, "S") || id == "S03" {
			break // met inside an open connection as well
		}
		// Broken on purpose; there is nothing to learn from the error.
		_ = c.Close()
	}
	if err != nil {
		p.on[id] = was
	}
	p.mu.Unlock()
	return err
}

func (p *Practice) apply(id string, on bool) error {
	switch id {
	case "T01":
		p.mu.Lock()
		defer p.mu.Unlock()
		if on {
			return p.ln.Close()
		}
		return p.listen(context.Background())
	case "H21":
		p.mu.Lock()
		defer p.mu.Unlock()
		p.paused = p.cfg.Now()
	case "B04":
		if !on {
			return p.srv.IssueWaiting(context.Background())
		}
	}
	return nil
}
