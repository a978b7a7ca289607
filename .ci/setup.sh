#!/usr/bin/env bash
# Installs what is missing on a Debian machine. Usage: setup.sh run|test|windows …
# On other systems it says what is needed and goes on.
set -euo pipefail

[ "$(uname -s)" = Linux ] || exit 0
if ! command -v apt-get >/dev/null; then
  echo "setup: no apt-get here; install a C compiler, the OpenGL and X11 headers, Xvfb, gnome-keyring and nftables by your system's means" >&2
  exit 0
fi

base="gcc make pkg-config libwayland-dev libegl1-mesa-dev libgl1-mesa-dev libgl1-mesa-dri xorg-dev libxkbcommon-dev"
screen="xvfb xdotool imagemagick x11-utils openbox xclip"
test="gnome-keyring dbus dbus-x11 nftables iproute2"
windows="gcc-mingw-w64-x86-64 wine wine64 xvfb imagemagick"

want=""
for set in "$@"; do
  case "$set" in
    run) want="$want $base $screen" ;;
    test) want="$want $base $screen $test" ;;
    windows) want="$want $windows" ;;
    *) echo "setup: unknown set $set" >&2; exit 2 ;;
  esac
done

missing=""
for p in $want; do
  dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing="$missing $p"
done
[ -n "$missing" ] || exit 0

sudo=""
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null || { echo "setup: please install as root:$missing" >&2; exit 1; }
  sudo=sudo
fi
echo "setup: installing$missing"
$sudo apt-get update -qq
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
