#!/bin/sh
# Usage: chart-layout.sh CHART.tgz FOLDER
# Writes the chart as a registry serves it into FOLDER, an OCI layout. helm only pushes, so a registry runs here for a moment.
set -eu
dir=$(mktemp -d)
crane registry serve --address 127.0.0.1:0 2>"$dir/log" &
registry=$!
trap 'kill "$registry"; rm -rf "$dir"' EXIT
port=
for _ in $(seq 100); do
	port=$(sed -n 's/.*serving on port \([0-9]*\).*/\1/p' "$dir/log")
	[ -z "$port" ] || break
	sleep 0.1
done
[ -n "$port" ] || { echo "chart-layout: the registry did not start:" >&2; cat "$dir/log" >&2; exit 1; }
helm push --plain-http "$1" "oci://127.0.0.1:$port" >"$dir/push" 2>&1 || { cat "$dir/push" >&2; exit 1; }
version=$(basename "$1" .tgz)
rm -rf "$2"
crane pull --insecure --format=oci "127.0.0.1:$port/lagscaler:$(echo "${version#lagscaler-}" | tr + _)" "$2"
