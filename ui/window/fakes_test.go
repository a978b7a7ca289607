//go:build !race

package window

import (
	"context"
	"fmt"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"counterfoil/app/books"
	"counterfoil/app/customer"
	"counterfoil/app/document"
	"counterfoil/app/invoice"
	"counterfoil/app/item"
	"counterfoil/app/party"
	"counterfoil/app/seller"
	"counterfoil/app/tax"
	"counterfoil/sync/fault"
	"counterfoil/sync/mask"
	"counterfoil/sync/merge"
	"counterfoil/ui/viewmodel"
)

// A day at a branch, the same each time.

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func two(zh, en string) viewmodel.Bilingual { return viewmodel.Bilingual{ZH: zh, EN: en} }

// loop runs what view-models post, one at a time.
type loop chan func()

func (l loop) until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	limit := time.After(10 * time.Second)
	for !ok() {
		select {
		case f := <-l:
			f()
		case <-limit:
			t.Fatalf("%s never came", what)
		}
	}
}

func number(s string) *decimal.Decimal { d := decimal.RequireFromString(s); return &d }

// sample is a draft of three lines, one with a discount.
func sample() invoice.Invoice {
	rate := func(p int64) tax.Rate { return tax.Rate{Value: decimal.New(p, -2)} }
	return invoice.Invoice{
		ID: "01", Reference: "20261123-A0007", Kind: invoice.Special, Basis: invoice.Exclusive, State: invoice.Draft, Date: "2026-11-23", UpdatedAt: noon.Add(-3 * time.Minute),
		Buyer:  party.Party{Name: "苏州明远精密机械有限公司", TaxNo: "91310112087994932F"},
		Remark: "合同号 MY-2026-1107；送货单 4 份随附",
		Lines: []invoice.Line{
			{ID: "a", Order: "a", Name: "*金属制品*不锈钢法兰 DN50", Spec: "DN50 PN16", Unit: "个", Qty: number("120"), Price: number("85.5"), Rate: rate(13), Discount: &invoice.Discount{Percent: number("10")}},
			{ID: "b", Order: "b", Name: "*金属制品*密封垫片", Spec: "Φ60", Unit: "片", Qty: number("300"), Price: number("6.2"), Rate: rate(13)},
			{ID: "c", Order: "c", Name: "*物流辅助服务*装卸搬运", Unit: "次", Qty: number("2"), Price: number("1650"), Rate: rate(6)},
		},
	}
}

// full is a draft, or as "03" an issued invoice, of which everything is said.
func full(id string) invoice.Invoice {
	inv := sample()
	inv.ID = id
	inv.Seller = party.Party{Name: "苏州存根物流有限公司", TaxNo: "91320505MA20AB3C4D", Address: "苏州高新区狮山路 18 号", Phone: "0512-68080000"}
	inv.Buyer.Address, inv.Buyer.Phone = "苏州工业园区金鸡湖大道 88 号", "0512-65880000"
	inv.Buyer.Bank, inv.Buyer.Account = "中国工商银行苏州高新支行", "1102020109000123456"
	inv.Payee, inv.Reviewer, inv.Drawer, inv.Email = "李梅", "陈立", "王芳", "caiwu@mingyuan.example"
	inv.Due = "2026-12-23"
	inv.Lines[0].TaxCode, inv.Lines[0].Policy, inv.Lines[2].Policy = "1080101010000000000", "12", "08"
	if id == "03" {
		inv.State, inv.Number, inv.IssuedAt = invoice.Issued, "00000207", noon
	}
	return inv
}

// branch is the store, the desk, the server and the keyring of that day.
type branch struct{}

func (branch) ListBack(context.Context, books.Filter, books.Order, string, int) (books.Page, error) {
	return books.Page{}, nil
}

func (branch) Rows(context.Context, books.Filter, books.Order, []string) ([]books.Row, error) {
	return nil, nil
}

func (branch) List(context.Context, books.Filter, books.Order, string, int) (books.Page, error) {
	var p books.Page
	buyers := []string{"苏州明远精密机械有限公司", "上海恒泽电气设备有限公司", "杭州青禾软件科技有限公司", "成都蜀光餐饮管理有限公司"}
	states := []invoice.State{invoice.Draft, invoice.Waiting, invoice.Rejected, invoice.Issued, invoice.Issued, invoice.Issued}
	for i := range 24 {
		at := noon.Add(-time.Duration(i*37) * time.Minute)
		r := books.Row{
			ID: fmt.Sprint(i), Reference: fmt.Sprintf("20261123-A%04d", 30-i), Date: at.Format(time.DateOnly), BuyerName: buyers[i%4], Kind: invoice.Ordinary,
			State: states[min(i, 5)], Gross: decimal.New(int64(193_23*(i+1)*(i+3)), -2), CreatedAt: at, UpdatedAt: at,
		}
		switch {
		case r.State == invoice.Issued:
			r.Number, r.Kind = fmt.Sprintf("%08d", 200-i), invoice.Special
		case r.State == invoice.Rejected:
			r.RejectionCode = "tax_no_check_digit"
		case i == 0:
			r.Conflict = true
		default:
			r.Pending = books.Unsent
		}
		p.Rows = append(p.Rows, r)
	}
	return p, nil
}

func (branch) Counts(_ context.Context, f books.Filter) (books.Counts, error) {
	return books.Counts{All: 24, Draft: 1, Waiting: 1, Issued: 21, Rejected: 1, Conflict: 1, Gross: decimal.New(95812040, -2), Unsynced: 1, UnsyncedGross: decimal.New(154584, -2), OldestUnsynced: noon.Add(-37 * time.Minute)}, nil
}

func (branch) Conflicts(context.Context) ([]books.Conflict, error) {
	mine := sample()
	mine.UpdatedAt, mine.Remark = noon.Add(-time.Hour), "合同号 MY-2026-1107，分两批交货"
	theirs := sample()
	theirs.UpdatedAt, theirs.Branch, theirs.Remark = noon.Add(-2*time.Hour), "城东分店 East branch", "已核对"
	base := sample()
	mine.Lines[1].Qty, theirs.Lines[1].Price, theirs.Lines[0].Qty = number("320"), number("6.5"), number("150")
	return []books.Conflict{{ID: "1", Type: invoice.Type, DocumentID: "01", Base: base, Mine: mine, Theirs: theirs, OpenedAt: noon,
		Diffs: []books.FieldDiff{
			{Path: "remark", Base: base.Remark, Mine: mine.Remark, Theirs: theirs.Remark},
			{Path: "line/b/amounts", Line: 2, Base: "300 × 6.2", Mine: "320 × 6.2", Theirs: "300 × 6.5"},
		},
		Merged: []books.FieldDiff{{Path: "line/a/amounts", Line: 1, Base: "120 × 85.5", Mine: "120 × 85.5", Theirs: "150 × 85.5", Side: books.Theirs}},
	}, conflictOfCustomer()}, nil
}

func keepMine(_, mine, _ document.Document, _ map[string]books.Side) books.Merge {
	return books.Merge{Result: mine}
}

func (branch) Resolve(context.Context, document.Key, map[string]books.Side) (s books.Record, err error) {
	return s, nil
}
func (branch) ResolveSide(context.Context, document.Key, books.Side) (s books.Record, err error) {
	return s, nil
}
func (branch) KeepBoth(context.Context, document.Key) (s books.Record, err error) { return s, nil }

func (branch) Invoice(_ context.Context, id string) (books.Stored, error) {
	inv := sample()
	if id == "02" || id == "03" {
		inv = full(id)
	}
	return books.Stored{Invoice: inv, Status: books.Status{Version: 1, Pending: books.Unsent}}, nil
}
func (branch) Find(ctx context.Context, t document.Type, search string, limit int) ([]books.Record, error) {
	if t != seller.Type {
		return nil, nil
	}
	return (&shelf{}).Find(ctx, t, search, limit)
}
func (branch) Keep(_ context.Context, _ int64, inv invoice.Invoice, typed books.Typed) (books.Stored, invoice.Sheet, error) {
	s, err := invoice.Compute(inv)
	return books.Stored{Invoice: inv, Status: books.Status{Version: 1, Typed: typed}}, s, err
}
func (branch) KeepTyped(context.Context, string, books.Typed) error { return nil }
func (b branch) Submit(ctx context.Context, id string) (books.Stored, error) {
	return b.Invoice(ctx, id)
}
func (b branch) Recall(ctx context.Context, id string) (books.Stored, error) {
	return b.Invoice(ctx, id)
}
func (b branch) Duplicate(ctx context.Context, id string) (books.Stored, error) {
	return b.Invoice(ctx, id)
}
func (b branch) Reverse(ctx context.Context, id string) (books.Stored, error) {
	return b.Invoice(ctx, id)
}

// Facts are of a desk whose server shows an expired certificate.
func (branch) Facts() viewmodel.ConnectionFacts {
	f := viewmodel.ConnectionFacts{
		Connected: true, Offline: true, Fault: "S01", Who: viewmodel.WhoServer, Title: two("服务器的安全证书已过期", "The server's certificate has expired"), What: two("服务器证书已于 2026-11-22 过期，只有服务器团队能更新。", "The server's certificate ran out on 2026-11-22; only the server team can renew it."),
		LastSync: noon.Add(-51 * time.Minute), Waiting: 12, WaitingGross: decimal.New(8620410, -2), OldestWaiting: noon.Add(-51 * time.Minute),
		Hour:   viewmodel.Quality{Requests: 31, Availability: 0.1667, Success: 0.2258, P50: 36 * time.Millisecond, P95: 61 * time.Millisecond, P99: 88 * time.Millisecond},
		Day:    viewmodel.Quality{Requests: 812, Availability: 0.9641, Success: 0.9712, P50: 38 * time.Millisecond, P95: 131 * time.Millisecond, P99: 412 * time.Millisecond},
		Before: viewmodel.Quality{Requests: 2903, Availability: 0.99971, Success: 0.9997, P50: 37 * time.Millisecond, P95: 90 * time.Millisecond, P99: 176 * time.Millisecond},
		Goals:  viewmodel.Goals{Availability: 0.9995, Success: 0.999, P99: 200 * time.Millisecond, Slowest: 800 * time.Millisecond},
		Offset: 400 * time.Millisecond, Offsets: true,
		Attention: []viewmodel.Attention{
			{Key: "1", State: viewmodel.LampBad, Who: viewmodel.WhoServer, Text: two("服务器的安全证书已过期", "The server's certificate has expired")},
			{Key: "2", State: viewmodel.LampSlow, Who: viewmodel.WhoIT, Due: noon.Add(23*24*time.Hour + time.Hour), Text: two("本机信任的 CA 证书还有 23 天到期", "The CA certificate trusted here ends in 23 days")},
			{Key: "3", Who: viewmodel.WhoYou, Until: noon.Add(5 * time.Hour), Text: two("本机数据已有 3 天没有备份", "The data on this PC were last backed up 3 days ago")},
		},
		NextTry: noon.Add(42 * time.Second), CertificateEnd: noon.Add(-26 * time.Hour),
		Events: []viewmodel.ConnectionEvent{
			{At: noon.Add(-50 * time.Minute), State: viewmodel.LampBad, Text: two("连接中断：服务器的安全证书已过期", "disconnected: The server's certificate has expired")},
			{At: noon.Add(-3 * time.Hour), State: viewmodel.LampGood, Text: two("已连接", "connected")},
		},
		Changes: []viewmodel.ConnectionChange{
			{Changed: true, Text: two("服务器证书 2027-02-26 → 2026-11-22", "server certificate 2027-02-26 → 2026-11-22")},
			{Text: two("服务器地址 10.20.0.8:8443", "server address 10.20.0.8:8443")},
			{Text: two("本机网络地址 192.168.1.20/24", "this computer's address 192.168.1.20/24")},
		},
	}
	for i := range f.Lamps {
		f.Lamps[i].State = viewmodel.LampGood
	}
	f.Lamps[3] = viewmodel.Lamp{State: viewmodel.LampBad, Note: two("服务器的安全证书已过期", "The server's certificate has expired")}
	f.Lamps[4].State = viewmodel.LampUnknown
	for i := range 96 {
		b := viewmodel.Bucket{Start: noon.Add(time.Duration(i-96) * 15 * time.Minute), OK: 11, Median: time.Duration(30+i%7*9) * time.Millisecond}
		if i > 92 {
			b.OK, b.Failed = 0, 9
		}
		f.Buckets = append(f.Buckets, b)
	}
	return f
}

func (branch) Send() {}

func (branch) Snooze(string, time.Time) {}
func (branch) TakeBack(string)          {}

// clockWrong makes the self-check find what the clerk mends in steps.
var clockWrong atomic.Bool

func (branch) Run(_ context.Context, progress func(viewmodel.Check)) viewmodel.Finding {
	for i, t := range []viewmodel.Bilingual{two("本机数据", "Local data"), two("密码库与 CA 证书", "Keyring and CA certificate"), two("网络连接", "Network"), two("安全连接", "Secure connection"), two("发票服务器", "Invoice server")} {
		c := viewmodel.Check{ID: fmt.Sprint(i), Title: t, Layer: string(fault.Layers[[]int{0, 0, 1, 3, 4}[i]]), State: viewmodel.CheckGood, Took: time.Duration(i+1) * time.Millisecond}
		switch i {
		case 3:
			c.State = viewmodel.CheckBad
		case 4:
			c.State, c.Took = viewmodel.CheckSkipped, 0
		}
		progress(c)
	}
	if clockWrong.Load() {
		return viewmodel.Finding{
			Fault: "S03", Proven: true, Who: viewmodel.WhoYou, Minutes: 1, Title: two("电脑时间不对", "This computer's time is wrong"),
			Sentence: two("这台电脑认为现在是 2025-11-23 09:31，服务器是 2026-11-23 09:31。", "This computer thinks it is 2025-11-23 09:31; the server says 2026-11-23 09:31."),
			Evidence: []viewmodel.Bilingual{two("电脑时间：off by 8760h", "Computer's time: off by 8760h")},
			Steps: []viewmodel.WizardStep{
				{Text: two("打开「日期和时间」设置", "Open the date and time settings"), Button: two("打开日期和时间设置", "Open date and time"), Action: "open:date", Picture: "date"},
				{Text: two("打开「自动设置时间」，点「立即同步」", "Switch on \"Set time automatically\" and press \"Sync now\"")},
			},
		}
	}
	return viewmodel.Finding{
		Fault: "S01", Proven: true, Who: viewmodel.WhoServer, Title: two("服务器的安全证书已过期", "The server's certificate has expired"),
		Sentence: two("服务器证书已于 2026-11-22 过期，只有服务器团队能更新。", "The server's certificate ran out on 2026-11-22; only the server team can renew it."),
		Evidence: []viewmodel.Bilingual{two("tls: 证书已过期", "tls: certificate has expired")},
		Report:   two("服务器 https://invoice.example:8443 的证书已于 2026-11-22 过期。请更新服务器证书，并确认新证书由公司 CA 签发。", "The certificate of https://invoice.example:8443 ran out on 2026-11-22. Please renew it, signed by the company CA."),
		Also:     []viewmodel.Beside{{Fault: "D12", Title: two("域名解析慢", "Slow name server"), Who: viewmodel.WhoIT}},
	}
}
func (branch) Recheck(context.Context, string) ([]viewmodel.Check, bool) {
	return []viewmodel.Check{{ID: "3", Title: two("安全连接", "Secure connection"), Layer: string(fault.Secure), State: viewmodel.CheckBad}}, false
}
func (branch) Do(string) error { return nil }

func (branch) Make(context.Context, string, []mask.Kind) (viewmodel.ReportDraft, error) {
	return viewmodel.ReportDraft{Write: func(io.Writer) error { return nil }, Files: []viewmodel.ReportFile{
		{Name: "report.html", Text: "连接报告 · 2026-11-23 12:00\n\n自检结果\n  S01  服务器的安全证书已过期 · 已确认 · 由服务器团队处理\n  服务器证书已于 2026-11-22 过期，只有服务器团队能更新。\n\n检查\n  [good] 本机数据  1 ms\n  [bad] 安全连接  4 ms  主机1: valid until 2026-11-22\n"},
		{Name: "report.json"}, {Name: "log.txt"},
	}}, nil
}

func (branch) Faults() (out []viewmodel.PracticeFault) {
	for _, f := range [][4]string{{"K03", "密码库里没有 CA", "CA missing from the keyring", "pc"}, {"T01", "服务未启动", "Server stopped", "internet"}, {"S01", "服务器证书过期", "Certificate expired", "secure"}, {"H21", "维护中", "Maintenance", "server"}, {"B02", "数据库被锁", "Database locked", "server"}} {
		out = append(out, viewmodel.PracticeFault{ID: f[0], Title: two(f[1], f[2]), Layer: f[3], On: f[0] == "S01"})
	}
	return out
}
func (branch) Set(context.Context, string, bool) error          { return nil }
func (branch) EditDraft(context.Context) (string, error)        { return "", nil }
func (branch) Setting(context.Context, string) (string, error)  { return "", nil }
func (branch) SetSetting(context.Context, string, string) error { return nil }
func (branch) URL() string                                      { return "https://invoice.example:8443" }
func (branch) Forgets(context.Context, string) bool             { return false }
func (branch) Connect(context.Context, string, string) error    { return nil }
func (branch) Parse([]byte) ([]viewmodel.CASummary, error)      { return nil, nil }
func (branch) Trust(context.Context, []byte, string) error      { return nil }
func (branch) clock(time.Duration, func()) (stop func())        { return func() {} }

// shelf is what pages read that make their own view-model. While newer is set, the
// first customer has a newer version than its list shows.
type shelf struct {
	books.Store
	newer atomic.Bool
}

func (*shelf) Counts(ctx context.Context, f books.Filter) (books.Counts, error) {
	return branch{}.Counts(ctx, f)
}

func (s *shelf) Document(ctx context.Context, k document.Key) (books.Record, error) {
	all, err := s.Find(ctx, k.Type, "", 1000)
	for _, r := range all {
		if r.Document.Meta().ID != k.ID {
			continue
		}
		if c, ok := r.Document.(customer.Customer); ok && s.newer.Load() {
			c.Phone, c.Address, c.Revision = "0512-65889999", "苏州工业园区星湖街 328 号", 2
			r.Document, r.Version = c, 2
		}
		return r, err
	}
	return books.Record{}, books.ErrNotFound
}

func (s *shelf) Find(_ context.Context, t document.Type, _ string, _ int) (out []books.Record, err error) {
	add := func(d document.Document, st books.Status) {
		st.Version = 1
		m := d.Meta()
		m.ID, m.Branch, m.Revision, m.Updated = fmt.Sprint(len(out)+1), "城东分店 East branch", 1, noon.Add(-time.Duration(len(out)*41)*time.Minute)
		out = append(out, books.Record{Document: d.WithMeta(m), Status: st})
	}
	switch t {
	case customer.Type:
		add(customer.Customer{Party: party.Party{Name: "苏州明远精密机械有限公司", TaxNo: "91310112087994932F", Address: "苏州工业园区金鸡湖大道 88 号", Phone: "0512-65880000", Bank: "中国工商银行苏州高新支行", Account: "1102020109000123456"}}, books.Status{})
		add(customer.Customer{Party: party.Party{Name: "杭州青禾软件科技有限公司", TaxNo: "913301067420331XN6", Phone: "0571-88990011", Bank: "杭州银行文三支行", Account: "3301040160001234567"}, Email: "caiwu@qinghe.example"}, books.Status{Pending: books.Unsent})
		add(customer.Customer{Party: party.Party{Name: "成都蜀光餐饮管理有限公司", Phone: "028-66778899"}}, books.Status{Pending: books.Parked, Refusal: "role_needed"})
		add(customer.Customer{Party: party.Party{Name: "Nordlicht Trading (Shanghai) Company Limited, Pudong Branch", TaxNo: "91310000MA1FL0000X", Phone: "021-50001234", Bank: "中国银行上海市浦东开发区支行"}}, books.Status{})
		add(theirCustomer("021-64330001"), books.Status{Conflict: true})
		add(customer.Customer{Party: party.Party{Name: "武汉江城印务有限公司", TaxNo: "91420100MA4KX0000K"}}, books.Status{Pending: books.Sent, Deleting: true})
	case item.Type:
		add(item.Item{Name: "*金属制品*不锈钢法兰 DN50", TaxCode: "1080101010000000000", Spec: "DN50 PN16", Unit: "个", Price: number("85.5"), Rate: tax.Rate{Value: decimal.New(13, -2)}}, books.Status{})
		add(item.Item{Name: "*物流辅助服务*装卸搬运", TaxCode: "3040801000000000000", Unit: "次", Price: number("1650"), Rate: tax.Rate{Value: decimal.New(6, -2)}}, books.Status{Pending: books.Unsent})
		add(item.Item{Name: "*农产品*鲜活蔬菜", TaxCode: "1010115000000000000", Unit: "公斤", Rate: tax.Rate{Status: tax.Exempt}, Policy: "03"}, books.Status{})
	case seller.Type:
		add(seller.Seller{Party: party.Party{Name: "苏州园区存根商贸有限公司", TaxNo: "91320594MA1W2X3Y4Z", Address: "苏州工业园区星海街 200 号", Phone: "0512-62880000", Bank: "中国建设银行苏州园区支行", Account: "32201988836051500000"}, Taxpayer: seller.General}, books.Status{})
		add(seller.Seller{Party: party.Party{Name: "苏州存根物流有限公司", TaxNo: "91320505MA20AB3C4D", Address: "苏州高新区狮山路 18 号", Phone: "0512-68080000"}, Taxpayer: seller.Small, Series: "WL"}, books.Status{})
	}
	return out, nil
}

func theirCustomer(phone string) customer.Customer {
	return customer.Customer{ID: "5", Party: party.Party{Name: "上海恒泽电气设备有限公司", TaxNo: "91310115MA1H9XYZ0Q", Address: "上海市浦东新区张江路 665 号", Phone: phone, Bank: "招商银行上海张江支行"}}
}

// conflictOfCustomer is one in which both sides wrote another telephone number.
func conflictOfCustomer() books.Conflict {
	base, mine, theirs := theirCustomer("021-64330000"), theirCustomer("021-64330001"), theirCustomer("021-58990000")
	mine.Updated, theirs.Updated, theirs.Branch = noon.Add(-time.Hour), noon.Add(-2*time.Hour), "城东分店 East branch"
	mine.Email, theirs.Email, mine.Bank = "hengze@example.com", "caiwu@hengze.example", "招商银行上海陆家嘴支行"
	m := merge.Three(base, mine, theirs, nil)
	return books.Conflict{ID: "2", Type: customer.Type, DocumentID: "5", Base: base, Mine: mine, Theirs: theirs, OpenedAt: noon, Diffs: m.Diffs, Merged: m.Merged}
}
