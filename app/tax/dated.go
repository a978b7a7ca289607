package tax

// Dated is a rate with the days on which it may be used.
type Dated struct {
	Rate     string // as ParseRate reads it
	From, To string // YYYY-MM-DD inclusive; empty: open
	Note     string // what it is for
}

// Usual lists the rates a clerk chooses from. Others still compute.
var Usual = []Dated{
	{Rate: "0.13", From: "2019-04-01", Note: "货物、劳务"},
	{Rate: "0.09", From: "2019-04-01", Note: "农产品、交通运输、建筑、不动产"},
	{Rate: "0.06", Note: "现代服务、金融"},
	{Rate: "0.05", Note: "按5%简易征收"},
	{Rate: "0.03", Note: "征收率"},
	{Rate: "0.015", To: "2027-12-31", Note: "住房租赁减按1.5%"},
	{Rate: "0.01", To: "2027-12-31", Note: "小规模减按1%"},
	{Rate: "0", Note: "零税率"},
	{Rate: "exempt", Note: "免税"},
	{Rate: "nontaxable", Note: "不征税"},
}

// On returns the usual rates of a business date.
func On(date string) []Dated {
	var out []Dated
	for _, d := range Usual {
		if (d.From == "" || date >= d.From) && (d.To == "" || date <= d.To) {
			out = append(out, d)
		}
	}
	return out
}

// Choices returns the usual rates of a business date.
func (Rate) Choices(date string) []string {
	var out []string
	for _, d := range On(date) {
		out = append(out, d.Rate)
	}
	return out
}
