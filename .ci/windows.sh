#!/usr/bin/env bash
# Runs the Windows programs under Wine on a virtual display: a CA bundle of over
# 4 KB goes into the Credential Manager and comes back, and the window makes its
# first draft. Expects make windows to have built them.
set -euo pipefail
cd "$(dirname "$0")/.."
.ci/setup.sh windows
work=$(mktemp -d)
export WINEPREFIX="$work/prefix" WINEDEBUG=-all WINEDLLOVERRIDES="mscoree,mshtml="
n=70
while [ -e "/tmp/.X11-unix/X$n" ]; do n=$((n + 1)); done
Xvfb ":$n" -screen 0 1366x768x24 -nolisten tcp >/dev/null 2>&1 &
xvfb=$!
cleanup() { wineserver -k 2>/dev/null || true; kill $xvfb 2>/dev/null || true; rm -rf "$work"; }
trap cleanup EXIT
export DISPLAY=":$n"
wine=$(command -v wine64 || command -v wine || echo /usr/lib/wine/wine64)
timeout 180 "$wine" wineboot -i >/dev/null 2>&1 || true
x86_64-w64-mingw32-gcc -shared -o "$WINEPREFIX/drive_c/windows/system32/bcryptprimitives.dll" .ci/wine/bcryptprimitives.c -ladvapi32

GOOS=windows CGO_ENABLED=0 go test -c -o "$work/trust.test.exe" ./sync/trust
COUNTERFOIL_REAL_KEYRING=1 timeout 120 "$wine" "$work/trust.test.exe" -test.v -test.run 'RealKeyring' | tee "$work/trust.log"
grep -q -- '--- PASS: TestRealKeyring' "$work/trust.log"

# The name servers that Windows knows are those of this machine.
GOOS=windows CGO_ENABLED=0 go test -c -o "$work/probe.test.exe" ./sync/probe
resolver=$(awk '$1 == "nameserver" && $2 !~ /:/ { print $2; exit }' /etc/resolv.conf)
COUNTERFOIL_RESOLVER="$resolver" timeout 120 "$wine" "$work/probe.test.exe" -test.v -test.run 'TestPlace|TestWalk' | tee "$work/probe.log"
grep -q -- '--- PASS: TestPlace' "$work/probe.log"
grep -q -- '--- PASS: TestWalk' "$work/probe.log"

# Errors have the same names there as on Unix.
GOOS=windows CGO_ENABLED=0 go test -c -o "$work/fault.test.exe" ./sync/fault
(cd sync/fault && timeout 120 "$wine" "$work/fault.test.exe" -test.v) | tee "$work/fault.log"
grep -q -- '--- PASS: TestOfError' "$work/fault.log"
! grep -q -- '--- FAIL' "$work/fault.log"

timeout 180 "$wine" bin/counterfoil.exe --practice --data "$work/data" --keyring os --smoke draft >"$work/smoke.log" 2>&1 || { cat "$work/smoke.log"; exit 1; }
cat "$work/smoke.log"
grep -q '"smoke":"ok"' "$work/smoke.log"
echo "windows: the first draft was made under Wine"
