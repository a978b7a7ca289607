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
  go test $tags -run '^$' -bench . -benchtime 2x -timeout 30m ./sync/engine
  if [ "$(uname -s)" = Linux ]; then
    go build $tags -o "$work/" . ./.ci/startbench ./.ci/startbench/empty
    n=90
    while [ -e "/tmp/.X11-unix/X$n" ]; do n=$((n + 1)); done
    Xvfb ":$n" -screen 0 1366x768x24 -nolisten tcp >/dev/null 2>&1 &
    xvfb=$!
    for _ in $(seq 100); do DISPLAY=":$n" xdpyinfo >/dev/null 2>&1 && break; sleep 0.1; done
    export DISPLAY=":$n"
    "$work/counterfoil" --practice --data "$work/desk" --keyring memory --smoke draft >&2
    "$work/startbench" 9 StartFloor "$work/empty" -- Start "$work/counterfoil" --data "$work/desk" --keyring memory --smoke frame
  fi
} | tee /dev/stderr | go run ./.ci/benchtable
