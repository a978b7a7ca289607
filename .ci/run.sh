#!/usr/bin/env bash
# Starts the window with its embedded practice server. Without a display it uses
# a virtual one and leaves a screenshot of every screen in out/.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p bin out
go build -tags migrated_fynedo,no_emoji -o bin/counterfoil .
if [ -n "${DISPLAY:-}" ] || [ -n "${WAYLAND_DISPLAY:-}" ] || [ "$(uname -s)" != Linux ]; then
  exec ./bin/counterfoil --practice "$@"
fi
# A display number nobody uses.
n=90
while [ -e "/tmp/.X11-unix/X$n" ]; do n=$((n + 1)); done
Xvfb ":$n" -screen 0 "${COUNTERFOIL_SCREEN:-1366x768x24}" -nolisten tcp >/dev/null 2>&1 &
xvfb=$!
trap 'kill $xvfb 2>/dev/null || true' EXIT
for _ in $(seq 100); do DISPLAY=":$n" xdpyinfo >/dev/null 2>&1 && break; sleep 0.1; done
data=$(mktemp -d)
DISPLAY=":$n" ./bin/counterfoil --practice --data "$data" --keyring memory --tour out "$@"
rm -rf "$data"
echo "screenshots are in out/"
