#!/usr/bin/env bash
# Known weaknesses that the programs can reach. Without the database nothing is
# known, and that is said and no failure.
set -u
out=$(timeout 600 go run golang.org/x/vuln/cmd/govulncheck@v1.6.0 "$@" ./... 2>&1)
code=$?
case $code in
0) echo "govulncheck: nothing known" ;;
*)
	if grep -qiE 'fetching vulnerabilities|dial tcp|no such host|forbidden|proxyconnect|network is unreachable|i/o timeout' <<<"$out"; then
		echo "govulncheck: its database cannot be reached; known weaknesses were not looked for"
		exit 0
	fi
	echo "$out"
	exit 1
	;;
esac
