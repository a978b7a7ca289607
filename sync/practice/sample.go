package practice

import (
	"context"
	"fmt"
	"strings"

	"github.com/shopspring/decimal"

	"counterfoil/app/books"
	"counterfoil/app/customer"
	"counterfoil/app/document"
	"counterfoil/app/invoice"
	"counterfoil/app/item"
	"counterfoil/app/party"
	"counterfoil/app/seller"
	"counterfoil/app/tax"
	"counterfoil/sync/wire"
)

// creditCode completes a made-up social credit code: registrar and area (8
// digits) and organisation (8) get their two check characters.
func creditCode(area, organisation string) string {
	const digits = "0123456789ABCDEFGHJKLMNPQRTUWXY"
	sum := 0
	for i, w := range []int{3, 7, 9, 10, 5, 8, 4, 2} {
		sum += int(organisation[i]-'0') * w
	}
	code := area + organisation + string("0123456789X"[(11-sum%11)%11])
	sum = 0
	for i, w := 0, 1; i < 17; i, w = i+1, w*3%31 {
		sum += strings.IndexByte(digits, code[i]) * w
	}
	return code + string(digits[(31-sum%31)%31])
}

var buyers = []struct{ name, area, org, address, phone, bank, account string }{
	{"苏州明远精密机械有限公司", "91320505", "56871203", "苏州市高新区嵩山路18号", "0512-68090018", "中国工商银行苏州高新支行", "1102020109000123456"},
	{"上海恒泽电气设备有限公司", "91310112", "08799493", "上海市闵行区申富路299号", "021-54421299", "招商银行上海莘庄支行", "121908765410301"},
	{"杭州青禾软件科技有限公司", "91330106", "74203316", "杭州市西湖区文三路478号", "0571-88210478", "杭州银行文三支行", "3301040160001234567"},
	{"成都蜀光餐饮管理有限公司", "91510107", "39440125", "成都市武侯区科华北路65号", "028-85240065", "成都银行科华支行", "1001300000456781"},
	{"广州南粤物流有限公司", "91440101", "61872240", "广州市白云区石槎路712号", "020-36530712", "中国银行广州白云支行", "650257712345"},
	{"深圳市鹏程电子有限公司", "91440300", "27953308", "深圳市宝安区新安街道留仙二路1号", "0755-27780001", "平安银行深圳宝安支行", "15000087654321"},
	{"北京华文印刷有限责任公司", "91110105", "10167754", "北京市朝阳区十里堡北里28号", "010-65860028", "北京银行十里堡支行", "20000012345600012345678"},
	{"武汉江汉建筑装饰工程有限公司", "91420103", "55506691", "武汉市江汉区建设大道700号", "027-85490700", "汉口银行江汉支行", "005021000123456"},
	{"南京钟山医疗器械有限公司", "91320102", "80911547", "南京市玄武区珠江路88号", "025-84700088", "南京银行珠江支行", "01200120210012345"},
	{"天津海河化工贸易有限公司", "91120116", "32873396", "天津市滨海新区新港二号路12号", "022-25790012", "中国建设银行天津新港支行", "12001835400052501234"},
	{"青岛蓝湾食品有限公司", "91370203", "44681905", "青岛市市北区延安三路105号", "0532-83660105", "青岛银行延三支行", "802090200123456"},
	{"西安长风仪器仪表有限公司", "91610131", "71020834", "西安市高新区科技路37号", "029-88310037", "西安银行高新支行", "411011580000012345"},
	{"重庆山城汽车零部件有限公司", "91500108", "66094428", "重庆市南岸区江南大道19号", "023-62800019", "重庆农村商业银行南岸支行", "0204010120010012345"},
	{"沈阳北方轴承制造有限公司", "91210106", "23790651", "沈阳市铁西区兴华南街58号", "024-25650058", "盛京银行铁西支行", "0334110102000012345"},
}

func sampleCustomers() []customer.Customer {
	var out []customer.Customer
	for i, b := range buyers {
		out = append(out, customer.Customer{
			ID:    fmt.Sprintf("01890a5d-ac96-774b-8000-%012d", i+1),
			Party: party.Party{Name: b.name, TaxNo: creditCode(b.area, b.org), Address: b.address, Phone: b.phone, Bank: b.bank, Account: b.account},
			Email: fmt.Sprintf("finance%d@example.com", i+1),
		})
	}
	return out
}

var goods = []struct{ name, code, spec, unit, price, rate string }{
	{"*金属制品*不锈钢法兰", "1080414000000000000", "DN50", "只", "85.5", "0.13"},
	{"*金属制品*六角螺栓", "1080414000000000000", "M12×60", "千只", "620", "0.13"},
	{"*金属制品*数控刀片", "1080403010000000000", "CNMG120408", "片", "28.32", "0.13"},
	{"*轴承*深沟球轴承", "1090123000000000000", "6205-2RS", "套", "12.8", "0.13"},
	{"*电线电缆*铜芯软线", "1090409000000000000", "BVR 2.5mm²", "卷", "168", "0.13"},
	{"*石油制品*润滑油", "1070101070000000000", "L-HM46 18L", "桶", "356.64", "0.13"},
	{"*石油制品*锂基润滑脂", "1070101080000000000", "15kg", "桶", "298", "0.13"},
	{"*纸制品*复印纸", "1060105000000000000", "A4 70g", "箱", "132.74", "0.13"},
	{"*纸制品*瓦楞纸箱", "1060105010000000000", "五层 600×400×400", "个", "6.5", "0.13"},
	{"*文具*中性笔", "1060401990000000000", "0.5mm 黑", "盒", "15.93", "0.13"},
	{"*家具及配件*办公桌", "1050200000000000000", "1400×700", "张", "780", "0.13"},
	{"*家具及配件*办公椅", "1050200000000000000", "网布升降", "把", "345", "0.13"},
	{"*计算机外部设备*激光打印机", "1090511030000000000", "A4 双面", "台", "1592.04", "0.13"},
	{"*污染防治设备*污水过滤装置", "1090249020000000000", "5t/h", "套", "26500", "0.13"},
	{"*皮革毛皮制品*劳保手套", "1040304010000000000", "均码", "副", "9.8", "0.13"},
	{"*非金属矿物制品*陶瓷轴承", "1080120010000000000", "608", "套", "46", "0.13"},
	{"*纸印刷品文教产品*图书", "1060000000000000000", "", "册", "45", "0.09"},
	{"*信息技术服务*软件维护服务", "3040201000000000000", "", "月", "3000", "0.06"},
	{"*信息技术服务*系统集成服务", "3040200000000000000", "", "项", "18000", "0.06"},
	{"*研发和技术服务*技术咨询费", "3040102000000000000", "", "项", "5000", "0.06"},
	{"*现代服务*设备检测费", "3040000000000000000", "", "次", "1200", "0.06"},
	{"*生活服务*体检服务", "3070202000000000000", "", "人", "260", "exempt"},
}

func sampleItems() ([]item.Item, error) {
	var out []item.Item
	for i, g := range goods {
		rate, err := tax.ParseRate(g.rate)
		if err != nil {
			return nil, err
		}
		price, err := decimal.NewFromString(g.price)
		if err != nil {
			return nil, err
		}
		out = append(out, item.Item{
			ID: fmt.Sprintf("01890a5d-ac96-774b-9000-%012d", i+1), Name: g.name, TaxCode: g.code, Spec: g.spec, Unit: g.unit, Price: &price, Rate: rate,
		})
	}
	return out, nil
}

func (p *Practice) sampleInvoices(customers []customer.Customer, items []item.Item, by party.Party) []invoice.Invoice {
	var out []invoice.Invoice
	now := p.cfg.Now()
	for i := range 6 {
		inv := invoice.Invoice{
			ID: fmt.Sprintf("01890a5d-ac96-774b-a000-%012d", i+1), Reference: fmt.Sprintf("PRACTICE-%04d", i+1),
			Kind: invoice.Special, Basis: invoice.Exclusive, Seller: by, Date: now.AddDate(0, 0, i-6).Format("2006-01-02"),
			Buyer: customers[i].Party, Drawer: "王芳", Payee: "李强", Reviewer: "张敏", State: invoice.Waiting, CreatedAt: now, UpdatedAt: now,
		}
		if i%3 == 2 {
			inv.Kind = invoice.Ordinary
		}
		for j, order := range invoice.Orders(1 + i%3) {
			item := items[(i*3+j)%len(items)]
			qty := decimal.NewFromInt(int64(2 + i + j))
			inv.Lines = append(inv.Lines, invoice.Line{
				ID: fmt.Sprintf("l%d", j+1), Order: order, Name: item.Name, TaxCode: item.TaxCode, Spec: item.Spec, Unit: item.Unit,
				Qty: &qty, Price: item.Price, Rate: item.Rate,
			})
		}
		out = append(out, inv)
	}
	return out
}

// sampleSellers are two legal entities; the second has a series of its own.
func sampleSellers() []document.Document {
	return []document.Document{
		seller.Seller{ID: "01890a5d-ac96-774b-b000-000000000001", Taxpayer: seller.General, Party: party.Party{
			Name: "上海存根商贸有限公司", TaxNo: creditCode("91310115", "63078241"), Address: "上海市浦东新区张杨路500号", Phone: "021-58360500", Bank: "中国工商银行上海浦东支行", Account: "1001280909006723451"}},
		seller.Seller{ID: "01890a5d-ac96-774b-b000-000000000002", Taxpayer: seller.Small, Series: "JX", Party: party.Party{
			Name: "嘉兴存根仓储服务有限公司", TaxNo: creditCode("91330402", "57719036"), Address: "嘉兴市南湖区中环南路215号", Phone: "0573-82070215", Bank: "嘉兴银行南湖支行", Account: "8801260120010021534"}},
	}
}

// seed hands out the sellers, and fills an empty database: the head office hands in
// the sample invoices.
func (p *Practice) seed(ctx context.Context, head *office) error {
	now, err := p.store.Head(ctx)
	if err != nil {
		return err
	}
	sellers := p.cfg.Sellers
	if sellers == nil {
		sellers = sampleSellers()
	}
	if err := p.srv.PublishAll(ctx, seller.Type, sellers...); err != nil {
		return err
	}
	if now.Seq > 0 {
		return nil
	}
	customers := sampleCustomers()
	items, err := sampleItems()
	if err != nil {
		return err
	}
	var master []document.Document
	for _, c := range customers {
		master = append(master, c)
	}
	for _, i := range items {
		master = append(master, i)
	}
	if err := p.srv.Publish(ctx, master...); err != nil || p.cfg.NoInvoices {
		return err
	}
	var ops []wire.Operation
	var by party.Party
	if len(sellers) > 0 {
		by = sellers[0].(seller.Seller).Party
	}
	for _, inv := range p.sampleInvoices(customers, items, by) {
		body, err := document.Encode(inv)
		if err != nil {
			return err
		}
		ops = append(ops, wire.Operation{DocumentType: string(invoice.Type), DocumentID: inv.ID, Kind: string(books.Transition), Body: body})
	}
	answers, err := head.push(ctx, ops...)
	for i, a := range answers {
		if a.Result != wire.Applied {
			return fmt.Errorf("sample invoice %d is %s: %s", i+1, a.Result, a.Code)
		}
	}
	return err
}
