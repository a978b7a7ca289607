#!/usr/bin/env bash
# Keeps the data of a version: make.sh NAME PROGRAMS, a new folder here ("v3") and the
# folder with cfoil and syncd of that version. It makes NAME/desk.zip, and server.zip
# beside the server's store. Needs sqlite3, zip, jq.
set -euo pipefail
name=$1
programs=$(cd "$2" && pwd)
here=$(cd "$(dirname "$0")" && pwd)/$name
mkdir -p "$here"
server_zip=$here/../../../sync/server/sqlite/testdata/$name/server.zip
# The keyring names its items by the folder's path: fixture tests know this one.
work=/tmp/counterfoil-$name
rm -rf "$work"; mkdir -p "$work"
trap 'kill ${server:-} 2>/dev/null || true; rm -rf "$work"' EXIT
export COUNTERFOIL_PASSPHRASE="correct horse"
port=${PORT:-18931}

serve() {
  "$programs/syncd" --data "$work/server" --practice --listen "127.0.0.1:$port" "$@" >"$work/ready" & server=$!
  until grep -q ready "$work/ready"; do kill -0 "$server"; sleep 0.05; done
}
stop() { kill "$server"; wait "$server" || true; server=; }
cfoil() { local d=$1; shift; "$programs/cfoil" --data "$work/$d" --keyring file --json "$@"; }
enrol() {
  cfoil "$1" trust import "$work/server/ca.pem" --fingerprint "$(cat "$work/server/ca.sha256")" --yes >/dev/null
  cfoil "$1" connect "https://127.0.0.1:$port" --token "$(cat "$work/server/token")" >/dev/null
}
body() { # buyer, item, price
  printf '{"kind":"ordinary","basis":"excl","date":"2026-11-24","buyer":{"name":"%s","tax_no":"91110105MA01A2B3C4"},"remark":"合同 %s","lines":[{"name":"*办公用品*%s","tax_code":"1060105040000000000","unit":"箱","qty":"2","price":"%s","rate":"0.13"},{"name":"*餐饮服务*餐费","tax_code":"3070401000000000000","qty":"1","price":"88.5","rate":"0.06"}]}' "$1" "$3" "$2" "$3"
}
draft() { body "$2" "$3" "$4" | cfoil "$1" draft - | jq -r .id; }
round() { cfoil "$1" sync --once >/dev/null; }

serve
enrol desk; enrol other
round desk
for i in 1 2 3; do id=$(draft desk "北京长江科技有限公司" "打印纸" "10$i"); cfoil desk submit "$id" >/dev/null; done
blue=$(draft desk "上海重阳商贸行" "墨盒" 260); cfoil desk submit "$blue" >/dev/null
fight=$(draft desk "深圳市南山区华强电子" "文件夹" 12)
round desk
red=$(cfoil desk reverse "$blue" | jq -r .id); cfoil desk submit "$red" >/dev/null
round desk
# Two desks change one price.
round other
body "深圳市南山区华强电子" "文件夹" 14 | cfoil other edit "$fight" - >/dev/null
round other
body "深圳市南山区华强电子" "文件夹" 13 | cfoil desk edit "$fight" - >/dev/null
round desk
stop
# The tax service is away: handed in, not issued.
serve --fault B04
held=$(draft desk "广州ABC电子" "硒鼓" 480); cfoil desk submit "$held" >/dev/null
round desk
stop
# No server at all.
waiting=$(draft desk "成都天府软件园" "订书机" 35); cfoil desk submit "$waiting" >/dev/null
draft desk "杭州西湖茶叶店" "信封" 3 >/dev/null
cfoil desk list | jq -r '.[] | [.state, .number, .reference, .pending, .conflict, .gross] | @tsv' >&2

for db in desk/counterfoil.db server/server.db; do sqlite3 "$work/$db" 'PRAGMA wal_checkpoint(TRUNCATE); VACUUM;' >/dev/null; done
find "$work/desk" "$work/server" -name '*-wal' -o -name '*-shm' -o -name '*.lock' | xargs -r rm -f
rm -f "$here/desk.zip" "$server_zip"; mkdir -p "$(dirname "$server_zip")"
(cd "$work/desk" && zip -q -9 -r "$here/desk.zip" .)
(cd "$work/server" && zip -q -9 -r "$(realpath -m "$server_zip")" .)
