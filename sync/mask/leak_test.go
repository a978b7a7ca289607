package mask

import (
	"strings"
	"testing"
)

// Whatever way a private thing is written, it is not in the text that goes out.
func TestLeaks(t *testing.T) {
	m := New(English, "https://invoice.ming.cn:8443", "wangfang", "王芳", "苏州明远精密机械有限公司", `D:\开票\王芳的数据`, "DESKTOP-AB12CD3")
	for _, c := range []struct{ text, secret string }{
		// Secrets.
		{`{"access_token":"abc123def"}`, "abc123def"},
		{`{"password": "p w d"}`, "w d"},
		{`password="two words"`, "words"},
		{`password='two words'`, "words"},
		{"passwd=hunter2", "hunter2"}, {"pwd: hunter2", "hunter2"}, {"api_key=hunter2", "hunter2"}, {"apikey: hunter2", "hunter2"}, {"client_secret=hunter2", "hunter2"},
		{"Proxy-Authorization: Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"},
		{"Authorization: Negotiate YIIabcdef", "YIIabcdef"}, {"Authorization: NTLM TlRMTVNTUAADAAAA", "TlRMTVNTUAADAAAA"},
		{`Authorization: Digest username="wangli", response="6629fae49393a05397450978507c4ef1"`, "6629fae49393a05397450978507c4ef1"},
		{"Cookie: a=1; session=deadbeef", "deadbeef"}, {"Set-Cookie: sid=deadbeef; Path=/", "deadbeef"},
		{"X-Api-Key: hunter2", "hunter2"},
		{"https://h.cn/?token=hunter2&x=1", "hunter2"}, {"https://h.cn/?access_token=hunter2", "hunter2"}, {"https://h.cn/cb?code=hunter2hunter2", "hunter2"}, {"https://h.cn/?sig=hunter2", "hunter2"},
		{"http%3A%2F%2Fwang%3Ageheim%40proxy.corp.cn%3A3128", "geheim"},
		{"http://wang:ge@heim@proxy.corp.cn:3128", "heim"},
		{"http://wang:ge heim@proxy.corp.cn:3128", "heim"},
		{"proxy wang:geheim@proxy.corp.cn:3128", "geheim"},
		{"-----BEGIN PRIVATE KEY-----\\nMIIEvabcdef\\n-----END PRIVATE KEY-----", "MIIEvabcdef"},
		{"-----BEGIN PRIVATE KEY-----\nMIIEvabcdef", "MIIEvabcdef"},
		{"密码为 hunter2", "hunter2"}, {"密码是：hunter2", "hunter2"}, {"密碼: hunter2", "hunter2"},
		{"6Zr2xq0TqgC1n0bVdPZ5mA6Zr2xq0TqgC1n0bVdPZ5mA==", "6Zr2xq0TqgC1n0bVdPZ5mA6Zr2xq"},
		{"ghp_16C7e42F292c6912E7710c838347Ae178B4a", "16C7e42F292c6912E7710c838347Ae178B4a"},
		{"Token hunter2hunter2", "hunter2hunter2"},
		// Hosts.
		{"https%3A%2F%2Finvoice.ming.cn%3A8443%2Fv1", "ming"}, {"https:\\/\\/invoice.ming.cn\\/v1", "ming"}, {"https:\\u002f\\u002finvoice.ming.cn", "ming"},
		{"invoice%2Eming%2Ecn", "ming"}, {"INVOICE.MING.CN.", "MING"}, {"发票.明远.公司", "明远"}, {"https://发票.明远.公司/", "明远"}, {"xn--fiqs8s.xn--55qx5d", "fiqs8s"},
		{"invoice。ming。cn", "ming"}, {"lookup db01.corp: no such host", "db01"}, {"dial tcp: lookup db01", "db01"}, {"host=db01 port=5432", "db01"}, {`"host":"db01"`, "db01"},
		{"Server: db01.internal", "db01"}, {"CN=web01.corp.local,O=苏州明远精密机械有限公司", "web01"}, {"DNS:web01.corp.local", "web01"},
		{"file://fileserver/share/x", "fileserver"}, {"smb://fileserver/share", "fileserver"}, {`\\fileserver\开票\x.db`, "fileserver"}, {`"\\\\fileserver\\share"`, "fileserver"}, {"//fileserver/share/x.db", "fileserver"},
		{`\\?\UNC\fileserver\share\x`, "fileserver"}, {"ssh://git@host77.cn/x", "host77"}, {"on DESKTOP-AB12CD3 and desktop-ab12cd3.corp", "AB12CD3"}, {"_ldap._tcp.corp.ming.cn", "ming"},
		// Addresses.
		{"10.2.3.4:443", "10.2.3.4"}, {"[fd00:1:2::7]:443", "fd00"}, {"fd00:1:2:3:4:5:6:7", "fd00"}, {"::ffff:10.2.3.4", "10.2.3.4"}, {"fe80::aaaa:bbbb%以太网", "aaaa"}, {"FE80::AAAA%25eth0", "AAAA"},
		{"10.2.3.0/24", "10.2.3.0"}, {"2001:db8::/32", "db8"}, {"10.2.3.4.in-addr.arpa", "10.2.3"}, {"10%2E2%2E3%2E4", "2%2E3"}, {"1-2-3-4.isp.net.cn", "1-2-3-4"},
		{"001a.2b3c.4d5e", "2b3c"}, {"00-1A-2B-3C-4D-5E", "2B-3C"}, {"地址10.2.3.4端口", "10.2.3.4"}, {"地址是fd00:1:2::7。", "fd00"}, {"10．2．3．4", "2．3"},
		// People.
		{`C:\Users\wangfang\AppData`, "wangfang"}, {`C:/Users/zhangsan/x`, "zhangsan"}, {`C:\\Users\\张 三\\x`, "张"}, {`c:\users\张三`, "张三"}, {"/home/zhangsan", "zhangsan"}, {"/Users/zhangsan/Library", "zhangsan"},
		{"file:///C:/Users/%E5%BC%A0%E4%B8%89/x", "%E5%BC%A0"}, {"file:///home/zhangsan/x", "zhangsan"}, {"%2Fhome%2Fzhangsan%2Fx", "zhangsan"}, {"C%3A%5CUsers%5Czhangsan%5Cx", "zhangsan"}, {`C:\Documents and Settings\zhangsan\x`, "zhangsan"},
		{`"C:\u005cUsers\u005czhangsan\u005cx"`, "zhangsan"}, {"/var/home/zhangsan/x", "zhangsan"}, {"/mnt/c/Users/zhangsan/x", "zhangsan"}, {"/export/home/zhangsan", "zhangsan"}, {"/media/zhangsan/USB", "zhangsan"}, {"/run/media/zhangsan/USB", "zhangsan"},
		{`"path":"C:\\Users\\zhangsan"`, "zhangsan"}, {`D:\开票\王芳的数据\counterfoil.db`, "王芳"}, {`D:\\开票\\王芳的数据\\x`, "王芳"}, {"D:/开票/王芳的数据/x", "王芳"}, {"CORP\\zhangsan denied", "zhangsan"}, {"zhangsan@corp.cn", "zhangsan"}, {"用户 王芳 已登录", "王芳"}, {"wangfang的电脑", "wangfang"},
		{"\\u738b\\u82b3", "u82b3"}, {"%E7%8E%8B%E8%8A%B3", "%E7%8E%8B"}, {"OneDrive - 苏州明远精密机械有限公司", "明远精密"}, {"+86 138 1234 5678", "1234 5678"}, {"138-1234-5678", "1234-5678"}, {"0512-68881234", "68881234"}, {"+8613812345678", "13812345678"}, {"320503199001011234", "19900101"}, {"32050319900101123X", "19900101"}, {"电话：051268881234", "68881234"},
		// Numbers.
		{"91320594MA1XYZ2R7P", "MA1XYZ"}, {"91320594ma1xyz2r7p", "ma1xyz"}, {"税号91320594MA1XYZ2R7P。", "MA1XYZ"},
		{"6222 0213 0200 1234 567", "0200 1234"}, {"6222021302001234567", "62220213"}, {"6222-0213-0200-1234", "0200-1234"}, {"¥1,234.50", "234.50"}, {"￥ 1234.50", "1234"}, {"1,234.50元", "234.50"}, {"1234.50 RMB", "1234"}, {"人民币1234.50", "1234"}, {"金额：1234.50", "1234"}, {`"amount":"1234.50"`, "1234"}, {`"gross":1234.50`, "1234"}, {`"total_fen":123450`, "123450"}, {"¥-1,234.50", "234"}, {"壹仟贰佰叁拾肆元伍角", "贰佰"}, {"1.2万元", "1.2"}, {"CNY1234.50", "1234"}, {"US$1,234.50", "1,234"},
	} {
		if got := m.Text(c.text); strings.Contains(got, c.secret) {
			t.Errorf("%-70s -> %s", c.text, got)
		}
	}
}
