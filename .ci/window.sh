#!/usr/bin/env bash
# Drives the real window on a virtual display: the tour visits every page in both
# languages and themes and fails when one does not come up.
set -euo pipefail
cd "$(dirname "$0")/.."
COUNTERFOIL_SCREEN=1366x768x24 .ci/run.sh
n=$(ls out/*.png | wc -l)
[ "$n" -ge 40 ] || { echo "only $n screenshots"; exit 1; }
echo "window: $n pictures"
