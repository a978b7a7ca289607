package lab

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// nobody runs the program as a user who owns nothing.
var nobody = act{"as another user", func(w *world) error {
	w.limit = `set -- setpriv --reuid=65534 --regid=65534 --clear-groups "$0" "$@"; exec "$@"`
	return nil
}}

// theirs is a script as that user.
func theirs(script, says string) check {
	return check{"as another user: " + script + ": " + says, func(w *world) error {
		return shell(client, "cd "+w.desk+"; setpriv --reuid=65534 --regid=65534 --clear-groups sh -c '"+script+"' 2>&1 || true", says).ok(w)
	}}
}

// drafts makes some documents first.
var drafts = act{"some documents", func(w *world) error {
	file := filepath.Join(w.dir, "doc.json")
	w.later(func() { _ = os.Remove(file) })
	for i := range 12 {
		if err := os.WriteFile(file, fmt.Appendf(nil, `{"party":{"name":"Test %d"}}`, i), 0o600); err != nil {
			return err
		}
		if out, errs, code := w.cfoil(w.desk, "draft", file, "--type", "customer"); code != 0 {
			return fmt.Errorf("draft: %s%s", out, errs)
		}
	}
	return nil
}}

// address writes one into the settings, as a tool or a hand does past the program.
func address(text string) act {
	return act{fmt.Sprintf("%+q in the settings", text), func(w *world) error {
		hex := ""
		for _, b := range []byte(text) {
			hex += fmt.Sprintf("%02x", b)
		}
		return w.sql("UPDATE setting SET value = CAST(x'" + hex + "' AS TEXT) WHERE name = 'server_url'")
	}}
}

// held takes a lock as another program does.
func held(name string) act {
	return act{"lock on " + name, func(w *world) error {
		l := flock.New(filepath.Join(w.desk, name))
		if ok, err := l.TryLock(); !ok {
			return fmt.Errorf("not locked: %v", err)
		}
		w.later(func() { _ = l.Unlock() })
		return nil
	}}
}

// on mounts a file system over the folder, with what was in it.
func on(options string, after string) act {
	return act{"tmpfs " + options + "; " + after, func(w *world) error {
		w.later(func() { _ = w.sh(client, "umount -l "+w.desk) })
		return w.sh(client, "mv "+w.desk+" "+w.desk+".was; mkdir "+w.desk+"; mount -t tmpfs -o "+options+" tmpfs "+w.desk+"; cp -a "+w.desk+".was/. "+w.desk+"; rm -rf "+w.desk+".was; cd "+w.desk+"; "+after)
	}}
}

const noLog = "rm -f counterfoil.db-wal counterfoil.db-shm; "

// folderCases are what can happen to a data folder, its files and what the program
// stands on.
func folderCases() (out []trial) {
	add := func(id, name string, seen check, do ...act) *trial {
		out = append(out, trial{name: id + " " + name, do: do, seen: []check{seen, serverOpen}, want: []string{id}})
		return &out[len(out)-1]
	}
	or := func(t *trial, more ...string) { t.want = append(t.want, more...) }
	well := func(name string, do ...act) {
		out = append(out, trial{name: "OK " + name, kind: healthy, do: do, seen: []check{serverOpen}, want: []string{"OK"}})
	}
	anything := serverOpen

	// The keyring's file.
	add("K01", "no passphrase", anything, env("COUNTERFOIL_PASSPHRASE="))
	add("K03", "folder of the keyring is gone", holds("ls -d keyring 2>&1 || true", "No such"), inFolder("rm -rf keyring"))
	add("K04", "keyring file is empty", holds("stat -c %s keyring/keyring.json", "^0"), inFolder(": > keyring/keyring.json"))
	add("K04", "keyring file is noise", holds("stat -c %s keyring/keyring.json", "^500"), inFolder("head -c 500 /dev/urandom > keyring/keyring.json"))
	or(add("K04", "keyring file's box is changed", anything, inFolder(`sed -i 's/"box":"..../"box":"AAAA/' keyring/keyring.json`)), "K01")
	or(add("K04", "keyring file of a later version", anything, inFolder(`sed -i 's/"version":[0-9]*/"version":99/' keyring/keyring.json`)), "K02")
	or(add("K02", "keyring is a folder", anything, inFolder("rm keyring/keyring.json; mkdir keyring/keyring.json")), "K04", "K03")
	or(add("K02", "keyring is a pipe", anything, inFolder("rm keyring/keyring.json; mkfifo keyring/keyring.json")), "K04", "K03")
	well("keyring file begins with a mark of order", inFolder(`printf '\357\273\277' | cat - keyring/keyring.json > k && mv k keyring/keyring.json`))
	out[len(out)-1].want = []string{"OK", "K04"}
	well("keyring file has lines of Windows", inFolder(`sed -i 's/$/\r/' keyring/keyring.json`))

	// The data file.
	add("K06", "half of the database is missing", anything, drafts, inFolder(noLog+"truncate -s $(($(stat -c %s counterfoil.db)/2)) counterfoil.db"))
	add("K06", "database ends within a page", anything, drafts, inFolder(noLog+"truncate -s $(($(stat -c %s counterfoil.db)-1000)) counterfoil.db"))
	add("K06", "database is a text", anything, inFolder(noLog+"yes 'not a database' | head -c 100000 > counterfoil.db"))
	or(add("K06", "database is that of another program", holds("python3 -c 'import sqlite3; print(sqlite3.connect(\"counterfoil.db\").execute(\"select count(*) from x\").fetchone())'", "0"), inFolder(noLog+`rm counterfoil.db; python3 -c 'import sqlite3; c = sqlite3.connect("counterfoil.db"); c.execute("create table x (y)"); c.commit()'`)), "K19", "K15")
	or(add("K19", "database is new and empty", anything, inFolder(noLog+`rm counterfoil.db; python3 -c 'import sqlite3; c = sqlite3.connect("counterfoil.db"); c.execute("vacuum"); c.commit()'`)), "K06")
	or(add("K19", "schema counts from nothing", anything, act{"user_version 0", func(w *world) error { return w.sql("PRAGMA user_version = 0") }}), "K06", "K15")
	add("K15", "schema of a far future", anything, act{"user_version 2147483647", func(w *world) error { return w.sql("PRAGMA user_version = 2147483647") }})
	or(add("K06", "schema below nothing", anything, act{"user_version -1", func(w *world) error { return w.sql("PRAGMA user_version = -1") }}), "K15", "K19")
	for at, what := range map[string]string{"16": "page size", "46": "format of the schema", "68": "whose it is", "18": "way of its log"} {
		or(add("K06", "header is changed: "+what, anything, drafts, inFolder(noLog+"printf '\\377\\377' | dd of=counterfoil.db bs=1 seek="+at+" conv=notrunc 2>/dev/null")), "K09", "K19")
	}
	add("K06", "a table's page is noise", anything, drafts, inFolder(noLog+`n=$(sqlite3 counterfoil.db "select rootpage from sqlite_master where name = 'outbox'"); head -c 4096 /dev/urandom | dd of=counterfoil.db bs=4096 seek=$((n-1)) conv=notrunc 2>/dev/null`))
	add("K06", "a document is changed past the program", anything, drafts, act{"a row of record", func(w *world) error {
		return w.sql("UPDATE record SET doc = CAST(replace(CAST(doc AS TEXT), 'Test 3', 'Best 3') AS BLOB)")
	}})
	add("K06", "what waits to be sent is changed", anything, drafts, act{"rows of outbox", func(w *world) error { return w.sql("UPDATE outbox SET kind = 'delete'") }})
	or(add("K10", "an index is noise", anything, drafts, inFolder(noLog+`n=$(sqlite3 counterfoil.db "select rootpage from sqlite_master where type = 'index' and sql is not null and name like 'invoice%' limit 1"); head -c 4096 /dev/urandom | dd of=counterfoil.db bs=4096 seek=$((n-1)) conv=notrunc 2>/dev/null`)), "K06")
	add("K06", "the table of waiting is dropped", anything, act{"drop outbox", func(w *world) error { return w.sql("DROP TABLE outbox") }})
	or(add("K19", "all rows are deleted", anything, drafts, act{"delete marker", func(w *world) error { return w.sql("DELETE FROM marker") }}), "K06")
	or(add("K06", "a folder in the place of the database", anything, inFolder(noLog+"rm counterfoil.db; mkdir counterfoil.db")), "K09", "K16")
	or(add("K06", "a pipe in the place of the database", anything, inFolder(noLog+"rm counterfoil.db; mkfifo counterfoil.db")), "K09", "K16")
	or(add("K16", "a link that leads nowhere", anything, inFolder(noLog+"rm counterfoil.db; ln -s /nowhere/counterfoil.db counterfoil.db")), "K09", "K06")
	well("log of another file", drafts, inFolder(noLog+"head -c 40000 /dev/urandom > counterfoil.db-wal"))
	well("log's index is noise", drafts, inFolder("head -c 32768 /dev/urandom > counterfoil.db-shm"))
	well("an old journal of another file", inFolder("head -c 5000 /dev/urandom > counterfoil.db-journal"))
	out[len(out)-1].want = []string{"OK", "K06"}
	well("a restore that was cut short before its place", inFolder("mkdir restoring; cp counterfoil.db restoring/"))
	well("left-over locks of programs that ended", inFolder("echo 99999 > window.lock; echo 99999 > sync.lock; echo 1 > counterfoil.db.use"))
	well("files of other programs lie beside", inFolder("touch desktop.ini .DS_Store 'counterfoil (1).db' counterfoil.db.bak; mkdir '新建文件夹'"))
	out[len(out)-1].seen = []check{holds("ls", "desktop"), serverOpen}

	// Held by others.
	or(add("K07", "somebody restores the data", shell(client, "cat /proc/locks", "FLOCK"), held("counterfoil.db.use")), "K13")
	add("K13", "a window is open", shell(client, "cat /proc/locks", "FLOCK"), held("window.lock"))
	or(add("K07", "a backup program writes it", anything, act{"begin immediate, held", func(w *world) error {
		return w.background("python3", "-uc", fmt.Sprintf(`import sqlite3, time; c = sqlite3.connect("%s", isolation_level=None); c.execute("BEGIN IMMEDIATE"); print("ready"); time.sleep(60)`, filepath.Join(w.desk, "counterfoil.db")))
	}}), "K13")
	well("somebody reads the data file", act{"a reader", func(w *world) error {
		return w.background("python3", "-uc", fmt.Sprintf(`import sqlite3, time; c = sqlite3.connect("file:%s?mode=ro", uri=True, isolation_level=None); c.execute("BEGIN"); c.execute("select count(*) from record").fetchone(); print("ready"); time.sleep(60)`, filepath.Join(w.desk, "counterfoil.db")))
	}})

	// The disk and the rights on it.
	add("K08", "no file more fits", holds("touch more 2>&1 || true", "No space"), on("size=60m,nr_inodes=60", "i=0; while touch f$i 2>/dev/null; do i=$((i+1)); done"))
	add("K08", "5 MB are left", holds("df -m . | tail -1", "[89][0-9]%"), on("size=60m", "head -c $((($(stat -f -c %a .)*4096)-5000000)) /dev/zero > fill"))
	or(add("K08", "no file may grow", shell(client, "ulimit -f 0; ulimit -f", "^0"), act{"ulimit -f 0", func(w *world) error { w.limit = "trap '' XFSZ; ulimit -f 0"; return nil }}), "K09")
	well("40 MB are left", on("size=80m", "head -c $((($(stat -f -c %a .)*4096)-40000000)) /dev/zero > fill"))
	open := inFolder("chmod 755 . keyring; chmod -R a+rX .")
	add("K09", "folder belongs to somebody else", theirs("touch x", "denied"), nobody, open)
	or(add("K09", "folder is shut", theirs("ls .", "denied"), nobody, inFolder("chmod 700 .")), "K02")
	add("K09", "data file belongs to somebody else", theirs("touch x && rm x && echo may; echo >> counterfoil.db", "may.*denied"), nobody, inFolder("chown -R 65534:65534 .; chown 0:0 counterfoil.db; chmod 644 counterfoil.db"))
	add("K09", "log belongs to somebody else", theirs("touch x && rm x && echo may; cat counterfoil.db-wal", "may.*denied"), nobody, inFolder("chown -R 65534:65534 .; touch counterfoil.db-wal; chown 0:0 counterfoil.db-wal; chmod 600 counterfoil.db-wal"))
	add("K09", "folder may only be read", theirs("echo >> counterfoil.db && echo may; touch x", "may.*denied"), nobody, inFolder("chown -R 65534:65534 *; chmod -R u+w *; chmod 755 ."))
	add("K09", "data file is on a read-only mount", holds("(echo >> counterfoil.db) 2>&1 || true", "Read-only"), act{"ro mount of the file", func(w *world) error {
		w.later(func() { _ = w.sh(client, "umount -l "+w.desk+"/counterfoil.db") })
		return w.sh(client, "cd "+w.desk+"; "+noLog+"mount --bind counterfoil.db counterfoil.db; mount -o remount,ro,bind counterfoil.db")
	}})
	add("K09", "data file is unchangeable", holds("lsattr counterfoil.db", "-i-"), act{"chattr +i", func(w *world) error {
		w.later(func() { _ = w.sh(client, "chattr -i "+w.desk+"/counterfoil.db") })
		return w.sh(client, "cd "+w.desk+"; "+noLog+"chattr +i counterfoil.db")
	}})
	add("K09", "folder is unchangeable", holds("lsattr -d .", "-i-"), act{"chattr +i", func(w *world) error {
		w.later(func() { _ = w.sh(client, "chattr -i "+w.desk) })
		return w.sh(client, "cd "+w.desk+"; "+noLog+"chattr +i .")
	}})
	or(add("K02", "keyring may not be read", theirs("cat keyring/keyring.json", "denied"), nobody, inFolder("chown -R 65534:65534 .; chown 0:0 keyring/keyring.json; chmod 600 keyring/keyring.json")), "K09", "K01")

	// Where the data lie.
	elsewhere := func(name string) act {
		return act{"the folder is a link into " + name, func(w *world) error {
			top := filepath.Join(w.dir, name)
			w.later(func() { _ = w.sh(client, "rm -rf "+w.desk+" '"+top+"'") })
			return w.sh(client, "mkdir -p '"+top+"'; mv "+w.desk+" '"+top+"/desk'; ln -s '"+top+"/desk' "+w.desk)
		}}
	}
	for _, name := range []string{"OneDrive", "OneDrive - Office", "Dropbox", "我的坚果云", "Nutstore/1", "BaiduSyncdisk"} {
		add("K17", "in "+name, shell(client, "true", ""), elsewhere(name)).sure = "likely"
	}
	for _, name := range []string{"My OneDriveless", "box", "同步", "drop box"} {
		out = append(out, trial{name: "OK folder in " + name, kind: healthy, do: []act{elsewhere(name)}, seen: []check{serverOpen}, want: []string{"OK"}})
	}

	// The time zone.
	for zone, offset := range map[string]string{"Asia/Tokyo": "\\+0900", "America/New_York": "-0[45]00", "Asia/Kolkata": "\\+0530"} {
		add("K11", zone, shell(client, "TZ="+zone+" date +%z", offset), env("TZ="+zone))
	}
	for _, zone := range []string{"Asia/Shanghai", "Asia/Hong_Kong", "Asia/Taipei", "Asia/Chongqing", "PRC", ":Asia/Shanghai"} {
		well("zone "+zone, env("TZ="+zone))
		out[len(out)-1].base = "China"
	}
	// The program does not know this way of writing and takes world time.
	add("K11", "CST-8", shell(client, "TZ=CST-8 date +%z", "0800"), env("TZ=CST-8")).base = "China"

	// The address, written past the program.
	for _, typed := range []string{"https：//invoice.test", "https://invoice。test", "https:///invoice.test", "https://https://invoice.test", "ftp://invoice.test", "invoice.test",
		"https://invoice.test:443:443", "https://invoice .test", "https://ｉｎｖｏｉｃｅ.test", "https://invoice.test:0x1bb", "https://invoice\u200b.test",
		"https://invoice\u00a0.test", "http:\\\\invoice.test", "\"https://invoice.test\"", "<https://invoice.test>", "https://invoice,test"} {
		or(add("K12", fmt.Sprintf("written %+q", typed), anything, address(typed)), "S19", "D05")
	}
	for _, typed := range []string{"\ufeffhttps://invoice.test", "https://invoice.test\r\n", " https://invoice.test", "\thttps://invoice.test", "https://invoice.test/", "https://invoice.test:", "https://INVOICE.test", "HTTPS://invoice.test", "https://invoice.test:443", "https://invoice.test."} {
		well(fmt.Sprintf("written %+q", typed), address(typed))
		out[len(out)-1].want = []string{"OK", "K12"}
	}
	or(add("K12", "nothing is written", anything, address("")), "K12")
	add("K12", "letters in GBK", anything, address("https://invoice.test\xa3\xba443"))

	// What the program stands on.
	well("no home", env("HOME="))
	well("no folder for what passes", env("TMPDIR=/nowhere/at/all"))
	well("no search path", env("PATH="))
	well("unknown language", env("LANG=xx_YY.EBCDIC"), env("LC_ALL=none"))
	well("200 descriptors", act{"ulimit -n 200", func(w *world) error { w.limit = "ulimit -n 200"; return nil }})
	well("4 GB of addresses", act{"ulimit -v", func(w *world) error { w.limit = "ulimit -v 4000000"; return nil }})
	for _, n := range []string{"12", "14", "24", "30"} {
		limit := "ulimit -n " + n
		or(add("K20", n+" descriptors", shell(client, limit+"; ulimit -n", "^"+n), act{limit, func(w *world) error { w.limit = limit; return nil }}), "T10", "OK")
	}
	return out
}
