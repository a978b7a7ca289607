#!/usr/bin/env bash
# Measures everything that has a target and prints one table: floors run beside
# what they are the floor of.
set -euo pipefail
cd "$(dirname "$0")/.."
tags="-tags migrated_fynedo,no_emoji"
work=$(mktemp -d)
trap 'kill ${xvfb:-} 2>/dev/null || true; rm -rf "$work"' EXIT

# What is printed while it runs goes to stderr, so that the table stands alone.
{
  go test $tags -run '^$' -bench . -benchtime 2s ./localdb ./ui/viewmodel
  go test $tags -run '^$' -bench . -benchtime 10000x ./sync/server/sqlite
  go test $tags -run '^$' -bench . -skip Flapping -benchtime 4x -timeout 30m ./sync/engine
  # 2 Mbit/s and 80 ms, reset each 5 s and each 1.5 s; COUNTERFOIL_FLAP=10000 travels longer.
  go test $tags -run '^$' -bench Flapping -benchtime 1x -timeout 60m ./sync/engine
  if [ "$(uname -s)" = Linux ]; then
    go build $tags -o "$work/" . ./.ci/startbench ./.ci/startbench/empty ./sync/cmd/cfoil
    n=90
    while [ -e "/tmp/.X11-unix/X$n" ]; do n=$((n + 1)); done
    Xvfb ":$n" -screen 0 1366x768x24 -nolisten tcp >/dev/null 2>&1 &
    xvfb=$!
    for _ in $(seq 100); do DISPLAY=":$n" xdpyinfo >/dev/null 2>&1 && break; sleep 0.1; done
    export DISPLAY=":$n"
    for i in $(seq 30); do
      echo '{"kind":"ordinary","basis":"excl","buyer":{"name":"苏州明远精密机械有限公司"},"lines":[{"name":"*金属制品*法兰","qty":"12","price":"85.5","rate":"0.13"}]}' |
        "$work/cfoil" --data "$work/desk" draft - >/dev/null
    done
    COUNTERFOIL_PASSPHRASE=bench "$work/cfoil" --data "$work/desk" --keyring file connect https://127.0.0.1:9 --token bench >&2
    "$work/startbench" 9 StartFloor "$work/empty" -- Start "$work/counterfoil" --data "$work/desk" --keyring memory --smoke frame
  fi
} | tee /dev/stderr | go run ./.ci/benchtable
