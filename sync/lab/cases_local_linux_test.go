package lab

import (
	"encoding/base64"
	"fmt"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// inFolder runs a script in the case's data folder.
func inFolder(script string) act {
	return act{"folder: " + script, func(w *world) error { return w.sh(client, "cd "+w.desk+"; "+script) }}
}

func holds(script, says string) check {
	return check{"folder: " + script + ": " + says, func(w *world) error { return shell(client, "cd "+w.desk+"; "+script, says).ok(w) }}
}

func localCases() (out []trial) {
	add := func(id, name string, seen check, do ...act) {
		out = append(out, trial{name: id + " " + name, do: do, seen: []check{seen, serverOpen}, want: []string{id}})
	}
	or := func(more ...string) { t := &out[len(out)-1]; t.want = append(t.want, more...) }
	add("K01", "wrong passphrase", serverOpen, env("COUNTERFOIL_PASSPHRASE=another one entirely"))
	add("K03", "keyring file deleted", holds("ls keyring | wc -l", "^0"), inFolder("rm -f keyring/*"))
	add("K04", "keyring file is no keyring", holds("cat keyring/keyring.json", "^{}"), inFolder("echo '{}' > keyring/keyring.json"))
	add("K04", "keyring file cut in half", holds("tail -c 1 keyring/keyring.json | od -c | head -1", "."), inFolder("truncate -s 60 keyring/keyring.json"))
	add("K06", "pages of the database are zero", holds("dd if=$(ls *.db) bs=1 skip=12288 count=8 2>/dev/null | od -An -tx1", "00 00 00 00 00 00 00 00"), inFolder("rm -f *.db-wal *.db-shm; f=$(ls *.db); n=$(($(stat -c %s $f)/4096)); dd if=/dev/zero of=$f bs=4096 seek=2 count=$((n-3)) conv=notrunc 2>/dev/null"))
	add("K06", "head of the database is overwritten", holds("head -c 16 *.db", "^GARBAGE"), inFolder("rm -f *.db-wal *.db-shm; printf 'GARBAGEGARBAGEGARBAGE' | dd of=$(ls *.db) bs=1 conv=notrunc 2>/dev/null"))
	add("K19", "database is empty", holds("stat -c %s *.db", "^0"), inFolder("rm -f *.db-wal *.db-shm; : > $(ls *.db)"))
	or("K06")
	add("K16", "database is gone", holds("ls *.db 2>/dev/null | wc -l", "^0"), inFolder("rm -f *.db *.db-wal *.db-shm"))
	or("K19", "K06")
	add("K16", "database and all beside it are gone", holds("ls *.db* 2>/dev/null | wc -l", "^0"), inFolder("rm -f counterfoil.db*"))
	or("K19", "K06")
	add("K10", "counters of the database are wrong", serverOpen, act{"a counter of nothing", func(w *world) error { return w.sql("INSERT INTO tally VALUES (1, 2, 0, 0, 5, 100)") }})
	add("K15", "data of a newer program", holds("ls", "db"), act{"schema 9999", func(w *world) error { return w.sql("PRAGMA user_version = 9999") }})
	add("K09", "folder is read-only", holds("touch x 2>&1 || true", "Read-only"), act{"ro mount", func(w *world) error {
		w.later(func() { _ = w.sh(client, "umount -l "+w.desk) })
		return w.sh(client, "mount --bind "+w.desk+" "+w.desk+"; mount -o remount,ro,bind "+w.desk)
	}})
	full := func(name, fill string, says string) {
		add("K08", name, holds("df -k . | tail -1", says), act{"tmpfs of 60 MB, " + fill, func(w *world) error {
			w.later(func() { _ = w.sh(client, "umount -l "+w.desk) })
			return w.sh(client, "mv "+w.desk+" "+w.desk+".was; mkdir "+w.desk+"; mount -t tmpfs -o size=60m tmpfs "+w.desk+"; cp -a "+w.desk+".was/. "+w.desk+"; rm -rf "+w.desk+".was; cd "+w.desk+"; "+fill)
		}})
	}
	full("disk full", "cat /dev/zero > fill 2>/dev/null || true", "100%")
	full("disk nearly full", "head -c 50m /dev/zero > fill", "[89][0-9]%")
	for name, file := range map[string]string{"K13 another program syncs the folder": "sync.lock"} {
		out = append(out, trial{name: name, do: []act{{"lock on " + file, func(w *world) error {
			l := flock.New(filepath.Join(w.desk, file))
			ok, err := l.TryLock()
			if !ok {
				return fmt.Errorf("not locked: %v", err)
			}
			w.later(func() { _ = l.Unlock() })
			return nil
		}}}, seen: []check{shell(client, "cat /proc/locks", "FLOCK"), serverOpen}, want: []string{"K13", "OK"}, why: "selfcheck itself need not be alone"})
	}
	add("K11", "time zone of another country", shell(client, "TZ=America/Los_Angeles date +%z", "-0[78]00"), env("TZ=America/Los_Angeles"))
	typed := func(name, url string, more ...string) {
		out = append(out, trial{name: "K12 " + name, do: []act{server(url)}, seen: []check{serverOpen}, want: append([]string{"K12"}, more...)})
	}
	typed("full-width colon and slashes", "https：／／invoice.test")
	typed("space in the address", "https://invoice .test")
	typed("http", "http://invoice.test", "S19")
	typed("no scheme", "invoice.test:443")
	typed("port that is none", "https://invoice.test:99999")
	typed("another port", "https://invoice.test:9443", "T01") // where the registered one answers too late
	typed("misspelt", "htps://invoice.test")
	add("K20", "no descriptors left", shell(client, "ulimit -n 10; ulimit -n", "^10"), act{"ulimit -n 10", func(w *world) error { w.limit = "ulimit -n 10"; return nil }})
	or("T10")
	for _, n := range []string{"16", "20"} {
		limit := "ulimit -n " + n
		add("T10", n+" descriptors", shell(client, limit+"; ulimit -n", "^"+n), act{limit, func(w *world) error { w.limit = limit; return nil }})
		or("K20")
	}
	return out
}

// sql changes the case's database by the sqlite of Python, which is not ours.
func (w *world) sql(text string) error {
	files, err := filepath.Glob(filepath.Join(w.desk, "*.db"))
	if err != nil || len(files) != 1 {
		return fmt.Errorf("%v %v", files, err)
	}
	script := fmt.Sprintf("import sqlite3; c = sqlite3.connect(%q); c.create_function('row_sum', -1, lambda *a: 1); c.execute(%q); c.commit()", files[0], text)
	return w.sh(client, "echo "+base64.StdEncoding.EncodeToString([]byte(script))+" | base64 -d | python3 -")
}

// pairs are two faults at once: the root first, the second named beside it.
func pairs() (out []trial) {
	// Second faults that are there whatever stops the way, and how they are seen.
	type part struct {
		id   string
		do   []act
		seen check
	}
	slowNames := part{"D12", []act{nameserver(dnsIP, "800 ms", behaviour{delay: 800 * time.Millisecond})}, takes(dnsIP, 800*time.Millisecond)}
	keyring := part{"K03", []act{inFolder("rm -f keyring/*")}, holds("ls keyring | wc -l", "^0")}
	nearlyFull := part{"K08", []act{{"tmpfs of 60 MB, nearly full", func(w *world) error {
		w.later(func() { _ = w.sh(client, "umount -l "+w.desk) })
		return w.sh(client, "mv "+w.desk+" "+w.desk+".was; mkdir "+w.desk+"; mount -t tmpfs -o size=60m tmpfs "+w.desk+"; cp -a "+w.desk+".was/. "+w.desk+"; rm -rf "+w.desk+".was; head -c 50m /dev/zero > "+w.desk+"/fill")
	}}}, holds("df -k . | tail -1", "[89][0-9]%")}
	hosts := part{"D10", []act{{"hosts: " + nobodyIP, func(w *world) error { return w.hosts("127.0.0.1 " + serverName + "\n") }}}, shell(client, "cat /etc/hosts", serverName)}
	deadProxy := part{"X10", []act{via("http://127.0.0.1:7890")}, tcp("127.0.0.1:7890", "refused")}
	cableOut := part{"N01", []act{sh("ip link set cl0 down")}, unreachable}
	noAddress := part{"N02", []act{sh("ip addr flush dev cl0")}, unreachable}
	noGateway := part{"N04", []act{sh("ip route del default")}, unreachable}
	routerOff := part{"N05", []act{run(router, "ip link set rtc down")}, ping(gateway, false)}
	servfail := part{"D04", []act{nameserver(dnsIP, "SERVFAIL", behaviour{rcode: 2})}, names(dnsIP, "udp", serverName, "ServerFailure")}
	stop := part{"T01", []act{stopped}, tcp(serverIP+":443", "refused")}
	silent := part{"T03", []act{nft(isp, "forward", "ip daddr "+serverIP+" drop")}, serverSilent}
	expired := func(to time.Duration) part {
		return part{"S01", []act{shows("expired", func(*authorities) leafOf { return leafOf{to: to} })}, openssl("certificate has expired", serverIP+":443")}
	}
	wrongHost := part{"S04", []act{shows("of mail.test", func(*authorities) leafOf { return leafOf{names: []string{"mail.test"}, ips: []string{"10.1.1.1"}} })}, openssl("hostname mismatch", serverIP+":443")}
	expiredAndWrong := part{"S04", []act{shows("of mail.test, expired", func(*authorities) leafOf {
		return leafOf{names: []string{"mail.test"}, ips: []string{"10.1.1.1"}, to: -day}
	})}, openssl("has expired|hostname mismatch", serverIP+":443")}
	dbDown := part{"B01", []act{deps("db", "down")}, direct(`"db":"down"`)}
	taxDown := part{"B04", []act{deps("tax", "down")}, direct(`"tax":"down"`)}
	denied := part{"X04", []act{proxied("3129", proxy{status: 403}), via("http://" + proxyIP + ":3129")}, curl(56, "403", serverURL+"/healthz")}
	wants := part{"X03", []act{proxied("3129", proxy{user: "a:b", schemes: []string{"NTLM"}}), via("http://" + proxyIP + ":3129")}, curl(56, "407", serverURL+"/healthz")}
	oneDead := part{"T12", []act{nft(isp, "forward", "ip daddr "+nodeIP+" drop")}, tcp(nodeIP+":443", "timeout")}
	soon := part{"S27", []act{shows("5 days left", func(*authorities) leafOf { return leafOf{to: 5 * day} })}, openssl("Verify return code: 0", serverIP+":443")}
	thinks := part{"P01", []act{slowly(1500*time.Millisecond, "/")}, serverOpen}

	pair := func(base string, a, b part, order ...part) {
		t := trial{name: a.id + "+" + b.id, base: base, kind: double, want: []string{a.id}, also: []string{b.id}, slow: a.id == "N05" || a.id == "T03"}
		if order == nil {
			order = []part{b, a}
		}
		for _, p := range order {
			t.do = append(t.do, p.do...)
			if len(p.do) > 0 {
				t.seen = append(t.seen, p.seen)
			}
		}
		out = append(out, t)
	}
	// What is wrong on this computer stands beside what is wrong on the way. The one
	// that is told first is the one that stops the clerk, then the lower one.
	// Whose certificate it is cannot be told without the CA.
	for _, way := range []part{cableOut, noAddress, noGateway, routerOff, servfail, stop, silent, expired(-day), wrongHost} {
		pair("plain", keyring, way)
	}
	for _, way := range []part{cableOut, noGateway, stop, expired(-day), dbDown} {
		pair("plain", way, nearlyFull)
	}
	for _, way := range []part{stop, silent, dbDown, expired(-day), wrongHost} {
		pair("plain", hosts, way)
	}
	for _, way := range []part{stop, silent, dbDown, expired(-day)} {
		pair("plain", deadProxy, way)
		pair("plain", denied, way)
	}
	for _, way := range []part{stop, expired(-day), wrongHost, dbDown} {
		pair("plain", way, slowNames)
	}
	pair("plain", wants, stop)
	pair("nodes", expired(-day), oneDead)
	pair("nodes", dbDown, oneDead)
	pair("plain", taxDown, slowNames)
	pair("plain", thinks, slowNames)
	pair("plain", soon, slowNames)
	pair("plain", expiredAndWrong, part{id: "S01"})
	pair("plain", servfail, stop)
	pair("plain", servfail, expired(-day))
	// Two on the server's side: what it says of itself is one answer.
	out = append(out, trial{name: "B01+B04", kind: double, do: []act{health("db and tax down", func(h map[string]any) { h["deps"] = map[string]any{"db": "down", "tax": "down"} })}, seen: []check{direct(`"db":"down"`)}, want: []string{"B01"}, also: []string{"B04"}})
	// Both orders are right where neither is deeper.
	for i := range out {
		out[i].either = true
	}
	return out
}

// direct asks the server itself, past names and proxies.
func direct(says string) check {
	return curl(0, says, "--noproxy", "*", "--resolve", serverName+":443:"+serverIP, serverURL+"/healthz")
}
