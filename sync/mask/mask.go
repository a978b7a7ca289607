// Package mask takes out of a text for IT what is nobody else's business: who
// works where, at which addresses, with which secrets. What is taken out keeps a
// stable name, so that the text still says which things are the same.
package mask

import (
	"cmp"
	"net/netip"
	"net/url"
	"os/user"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Words name what is taken out; each is followed by a number.
type Words struct{ Host, Address, User, Name string }

// The words of the two languages.
var (
	Chinese = Words{Host: "主机", Address: "地址", User: "用户", Name: "名称"}
	English = Words{Host: "host-", Address: "address-", User: "user-", Name: "name-"}
)

// Gone stands where something was that is not even told apart.
const Gone = "***"

const gone = Gone

// A Kind is what may be left in a text by the one whose it is; secrets may not.
type Kind string

// The kinds.
const (
	Hosts     Kind = "hosts"     // names of computers
	Addresses Kind = "addresses" // in networks, and of network cards
	People    Kind = "people"    // users and the other names that a masker was given, e-mail, phone
	Numbers   Kind = "numbers"   // tax and account numbers, amounts of money
)

// Kinds are all of them, in the order in which they are offered.
var Kinds = []Kind{Hosts, Addresses, People, Numbers}

// secrets are not even told apart, and never kept.
var secrets = []*regexp.Regexp{
	regexp.MustCompile(`(?s)-----BEGIN [^-]+-----.*?(?:-----END [^-]+-----|\z)`),
	regexp.MustCompile(`(?i)\b(?:bearer|basic|negotiate|ntlm|digest)\s+[\w.~+/=-]{6,}`),
	// Headers: all that follows in the line, or in the text that they stand in.
	regexp.MustCompile(`(?i)\b(?:proxy-)?(?:authorization|cookie)"?\s*[=:：][^\r\n]+`),
	regexp.MustCompile(`(?i)\b[\w-]*(?:token|passw(?:or)?d|passphrase|pwd|secret|api[_-]?key|private[_-]?key)\\?["']?\s*[=:：]\s*(?:\\?"(?:[^"\\]|\\[^"])*\\?"?|'[^']*'?|[^\s&;,"']+)`),
	regexp.MustCompile(`(?i)[?&](?:sig|signature|code|key|auth|ticket|sid|jwt|session\w*)=[^&\s"']+`),
	regexp.MustCompile(`(?:令牌|密码|密碼|口令|密钥|授权码|验证码)["”]?\s*(?:[=:：]|为|是[=:：]?)\s*[!-~]\S*`),
	regexp.MustCompile(`\beyJ[\w-]+\.[\w-]+\.[\w-]*`), // JWT
	regexp.MustCompile(`\b[\w-]{43}\b`), // a token as syncd makes it
}

// long may be tokens of others: only where letters of both kinds and digits are mixed.
var long = regexp.MustCompile(`\b[A-Za-z0-9_+-]{32,}={0,2}|(?i)\btoken\s+[\w.~+/=-]{8,}`)

func mixed(s string) bool {
	return strings.ContainsAny(s, "0123456789") && (strings.ToLower(s) != s && strings.ToUpper(s) != s || strings.HasPrefix(strings.ToLower(s), "token"))
}

var (
	email    = regexp.MustCompile(`[\w.+-]+@[\w-]+(\.[\w-]+)+`)
	mobile   = regexp.MustCompile(`(?:\+?\b86[ -]?|\b)1[3-9]\d[ -]?\d{4}[ -]?\d{4}\b`)
	landline = regexp.MustCompile(`\b0\d{2,3}-\d{7,8}\b|\b0\d{10,11}\b`)
	hardware = regexp.MustCompile(`\b(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}\b|\b(?:[0-9A-Fa-f]{4}\.){2}[0-9A-Fa-f]{4}\b`)
	amount   = regexp.MustCompile(`(?:[¥￥]|\b(?:US|HK)?\$|\b(?:CNY|RMB)|人民币) ?-?\d[\d,]*(?:\.\d+)?|-?\b\d[\d,]*(?:\.\d+)? ?(?:[万亿]?元|RMB\b|CNY\b)`)
	sums     = regexp.MustCompile(`((?:金额|合计|税额|单价|总价|余额)\s*[=:：]?\s*|(?i:"(?:[a-z]+_fen|amount|gross|price|tax_amount|total_amount)"\s*:\s*"?))-?\d[\d,]*(?:\.\d+)?`)
	capital  = regexp.MustCompile(`[零壹贰叁肆伍陆柒捌玖拾佰仟万亿]{2,}[元圆][零壹贰叁肆伍陆柒捌玖角分整正]*`)
	card     = regexp.MustCompile(`\b\d{4}(?:[ -]\d{4}){2,4}(?:[ -]?\d{1,3})?\b`)
)

var (
	userinfo = regexp.MustCompile(`(://)[^/"\s][^/"\r\n]*@|(\s|^)[^\s/:@"]+:[^\s/@"]+@`)
	home     = regexp.MustCompile(`(?i)((?:\b[a-z]:)?(?:\\+|/)(?:users|home|documents and settings|media)(?:\\+|/))([^\\/:*?"<>|\r\n]+)`)
	share    = regexp.MustCompile(`((?:^|[\s"'(=])(?:\\{2,4}(?:[?.]\\{1,2}(?i:UNC)\\{1,2})?|//))([\w.-]+)([\\/])`)
	domain   = regexp.MustCompile(`(^|[\s"'(：])([A-Z][A-Z0-9-]{1,14})(\\{1,2})([\w.-]+)($|[\s"',;:)])`)
	taxNo    = regexp.MustCompile(`\b[0-9A-Z]{15,20}\b|(?i)\b[0-9A-Z]{2}\d{6}[0-9A-Z]{10}\b`) // or a bank account
	masked   = regexp.MustCompile(`^(?:(?:host|address|user|name)-|主机|地址|用户|名称)\d+$`)
	four     = regexp.MustCompile(`\b\d{1,3}(?:\.\d{1,3}){3}\b`)
	colons   = regexp.MustCompile(`[0-9A-Fa-f]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f.]*(?:%[\w\p{Han}]+)?`)
	dotted   = regexp.MustCompile(`(?i)(?:\*\.)?\b(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?\.)+[a-z](?:[a-z0-9-]*[a-z0-9])\b`)
	chinese  = regexp.MustCompile(`((?:[\p{Han}\w-]+\.)+(?:中国|中國|公司|网络|政务|公益|商城|网址|网店|在线|集团|商标|信息|移动|企业|香港|台湾))($|[^\p{Han}\w])`)
	wide     = regexp.MustCompile(`(?i)\b(?:[a-z0-9_-]+[。．]){2,}[a-z]{2,}`)
	wideFour = regexp.MustCompile(`[0-9０-９]{1,3}(?:．[0-9０-９]{1,3}){3}`)
	inURL    = regexp.MustCompile(`(?i)(\b(?:https?|wss?|ftp|smb|file|ssh|ldaps?|socks\w*|postgres(?:ql)?|mysql)://(?:\*+@)?)([\p{L}\p{N}_*][\p{L}\p{N}._*-]*)`)
	inField  = regexp.MustCompile(`(?i)(\bhost(?:name)?(?:=|"\s*:\s*)"?)([a-z0-9][\w-]*)`)
	withPort = regexp.MustCompile(`(?i)\b([a-z][a-z0-9-]*):(\d{2,5})\b`)
	lookedUp = regexp.MustCompile(`(?i)(\blookup )([^\s:]+)`)
)

// files end like names of hosts and are none.
var files = []string{"db", "pem", "crt", "cer", "key", "json", "txt", "log", "exe", "dll", "csv", "html", "pdf", "go", "lock", "sock", "conf", "ini", "xml", "zip"}

// A Masker gives the same thing the same name in all texts that it is given.
type Masker struct {
	words         Words
	hosts, others []string
	keep          map[Kind]bool
	seen          map[string]string
	count         map[string]int
}

// New makes a masker. names are further texts to take out: an address of a server
// counts as its host.
func New(w Words, names ...string) *Masker {
	m := &Masker{words: w, keep: map[Kind]bool{}, seen: map[string]string{}, count: map[string]int{}}
	m.hosts, m.others = split(names)
	return m
}

func (m *Masker) name(word, what string) string {
	key := word + strings.ToLower(what)
	if m.seen[key] == "" {
		m.count[word]++
		m.seen[key] = word + strconv.Itoa(m.count[word])
	}
	return m.seen[key]
}

// Keep leaves kinds as they are, and returns the masker.
func (m *Masker) Keep(kinds ...Kind) *Masker {
	for _, k := range kinds {
		m.keep[k] = true
	}
	return m
}

// Text returns the text without secrets, and without what is of a kind that is not
// kept. What is written in codes is written out first.
func (m *Masker) Text(text string) string {
	text = plainly(text)
	text = userinfo.ReplaceAllString(text, "${1}${2}"+gone+"@")
	for _, r := range secrets {
		text = r.ReplaceAllString(text, gone)
	}
	text = long.ReplaceAllStringFunc(text, func(s string) string {
		if mixed(s) {
			return gone
		}
		return s
	})
	for _, p := range []struct {
		kind Kind
		mask func(string) string
	}{{People, m.reach}, {Numbers, m.numbers}, {People, m.people}, {Hosts, m.named}, {Addresses, m.located}, {Hosts, m.spelled}} {
		if !m.keep[p.kind] {
			text = p.mask(text)
		}
	}
	return text
}

// secretField and sumField are names of fields whose values are nobody's business,
// whatever they look like.
var (
	secretField = regexp.MustCompile(`(?i)^[\w-]*(?:token|passw(?:or)?d|passphrase|pwd|secret|api[_-]?key|private[_-]?key|authorization|cookie|令牌|密码|口令)$`)
	sumField    = regexp.MustCompile(`(?i)^(?:[a-z_]+_fen|amount|gross|price|tax_amount|total_amount|金额|税额|单价)$`)
)

// Withholds reports whether the value of a field is taken out, by the field's name.
func (m *Masker) Withholds(field string) bool {
	return secretField.MatchString(field) || !m.keep[Numbers] && sumField.MatchString(field)
}

// reach takes out where people are reached.
func (m *Masker) reach(text string) string {
	for _, r := range []*regexp.Regexp{email, mobile, landline} {
		text = r.ReplaceAllString(text, gone)
	}
	return text
}

func (m *Masker) numbers(text string) string {
	text = sums.ReplaceAllString(text, "${1}"+gone)
	for _, r := range []*regexp.Regexp{amount, capital, card} {
		text = r.ReplaceAllString(text, gone)
	}
	return taxNo.ReplaceAllStringFunc(text, func(s string) string {
		if strings.ContainsAny(s, "0123456789") {
			return gone
		}
		return s
	})
}

func (m *Masker) people(text string) string {
	text = groups(home, text, func(g []string) string { return g[1] + m.user(g[2]) })
	text = groups(domain, text, func(g []string) string {
		if strings.HasPrefix(g[2], "HK") || g[2] == "SOFTWARE" { // the registry
			return g[0]
		}
		return g[1] + m.name(m.words.Name, g[2]) + g[3] + m.user(g[4]) + g[5]
	})
	for _, n := range m.others {
		text = whole(text, n, func() string { return m.name(m.words.Name, n) })
	}
	return text
}

// named takes out the hosts that the masker was given, and those that stand where
// hosts stand.
func (m *Masker) named(text string) string {
	for _, h := range m.hosts {
		text = whole(text, h, func() string { return m.host(h) })
	}
	text = groups(inURL, text, func(g []string) string { return g[1] + m.host(g[2]) })
	text = groups(inField, text, func(g []string) string { return g[1] + m.host(g[2]) })
	text = groups(lookedUp, text, func(g []string) string { return g[1] + m.host(g[2]) })
	return groups(share, text, func(g []string) string { return g[1] + m.host(g[2]) + g[3] })
}

func (m *Masker) located(text string) string {
	text = hardware.ReplaceAllString(text, gone)
	text = wideFour.ReplaceAllStringFunc(text, func(s string) string { return m.address(narrow(s)) })
	text = four.ReplaceAllStringFunc(text, m.address)
	return colons.ReplaceAllStringFunc(text, m.address)
}

// spelled takes out what is spelled like a host.
func (m *Masker) spelled(text string) string {
	text = groups(chinese, text, func(g []string) string { return m.host(g[1]) + g[2] })
	text = wide.ReplaceAllStringFunc(text, m.host)
	text = dotted.ReplaceAllStringFunc(text, m.dotted)
	return groups(withPort, text, func(g []string) string { return m.host(g[1]) + ":" + g[2] })
}

// host names a host; this computer's own name says nothing of anybody.
func (m *Masker) host(s string) string {
	switch {
	case strings.EqualFold(s, "localhost"), s == gone, masked.MatchString(s):
		return s
	case address(s).IsValid():
		if m.keep[Addresses] {
			return s
		}
		return m.address(s)
	}
	return m.name(m.words.Host, strings.TrimSuffix(s, "."))
}

func (m *Masker) dotted(s string) string {
	end := s[strings.LastIndexByte(s, '.')+1:]
	if strings.HasPrefix(s, "deps.") || // what a server depends on
		slices.Contains(files, strings.ToLower(end)) || end != strings.ToLower(end) && end != strings.ToUpper(end) {
		return s // a file, or a type of the program
	}
	return m.host(s)
}

func address(s string) netip.Addr {
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Addr{}
	}
	return a
}

// address names an address; one that every computer has is kept.
func (m *Masker) address(s string) string {
	a := address(s)
	if !a.IsValid() || a.IsLoopback() || a.IsUnspecified() {
		return s
	}
	return m.name(m.words.Address, a.WithZone("").String())
}

func (m *Masker) user(s string) string {
	name := strings.TrimRight(s, " ")
	if name == "" || strings.EqualFold(name, "public") {
		return s
	}
	return m.name(m.words.User, name) + s[len(name):]
}

// split tells names of hosts from others; what is too short or says nothing of
// anybody is left out.
func split(names []string) (hosts, others []string) {
	plain := []string{"root", "admin", "administrator", "user", "localhost", "direct"}
	for _, n := range names {
		n = strings.TrimSpace(n)
		if u, err := url.Parse(n); err == nil && u.Hostname() != "" {
			n = u.Hostname()
			hosts = append(hosts, n)
			continue
		}
		if utf8.RuneCountInString(n) < 2 || len(n) < 3 || slices.Contains(plain, strings.ToLower(n)) {
			continue
		}
		if dotted.FindString(n) == n || address(n).IsValid() {
			hosts = append(hosts, n)
		} else {
			others = append(others, n)
		}
	}
	return longest(hosts), longest(others)
}

// longest puts the longest first: a name may be part of another.
func longest(s []string) []string {
	slices.SortFunc(s, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	return s
}

// groups replaces each match by what f makes of its groups.
func groups(r *regexp.Regexp, text string, f func(groups []string) string) string {
	return r.ReplaceAllStringFunc(text, func(s string) string { return f(r.FindStringSubmatch(s)) })
}

// whole replaces a name where it is not part of a longer word.
func whole(text, name string, f func() string) string {
	if name == "" {
		return text
	}
	var b strings.Builder
	lower, want := fold(text), fold(name)
	for {
		i := strings.Index(lower, want)
		if i < 0 {
			b.WriteString(text)
			return b.String()
		}
		end := i + len(want)
		before, _ := utf8.DecodeLastRuneInString(text[:i])
		after, _ := utf8.DecodeRuneInString(text[end:])
		b.WriteString(text[:i])
		if joined(before, first(name)) || joined(last(name), after) {
			b.WriteString(text[i:end])
		} else {
			b.WriteString(f())
		}
		text, lower = text[end:], lower[end:]
	}
}

// fold lowers ASCII letters alone, so that every byte stays in its place, those of no
// character as well.
func fold(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

func first(s string) rune { r, _ := utf8.DecodeRuneInString(s); return r }
func last(s string) rune  { r, _ := utf8.DecodeLastRuneInString(s); return r }

// joined reports whether two neighbours belong to one word; Chinese has no spaces
// between words.
func joined(a, b rune) bool {
	word := func(r rune) bool {
		return r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r)) || unicode.Is(unicode.Latin, r)
	}
	return word(a) && word(b)
}

// Person returns the names of who is signed in on this computer, without the domain.
func Person() []string {
	u, err := user.Current()
	if err != nil {
		return nil
	}
	return []string{u.Username[strings.LastIndexByte(u.Username, '\\')+1:], u.Name}
}
