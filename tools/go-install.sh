#!/bin/sh
# Installs one Go command as BIN/NAME, once per version of it and of Go, and per variables that it is linked with.
# Usage: go-install.sh BIN NAME PACKAGE@VERSION [VARIABLE=VALUE ...]
set -eu
bin=$1 name=$2 from=$3
shift 3
ldflags='-s -w'
for variable; do
	ldflags="$ldflags -X $variable"
done
for need in go flock; do
	command -v "$need" >/dev/null || { echo "$name: installing it needs $need on the PATH" >&2; exit 1; }
done

stamp=$bin/.$name@${from##*@}-$(go env GOVERSION)-$(echo "$ldflags" | cksum | cut -d ' ' -f 1)
installed() { [ -e "$stamp" ] && [ -x "$bin/$name" ]; }
installed && exit 0

mkdir -p "$bin"
exec 9>"$bin/.$name.lock"
flock 9
installed && exit 0 # somebody else did, while this one waited

echo "installing $name ${from##*@} into $bin"
fresh=$bin/.$name.installing
rm -rf "$fresh"
# A folder without a go.mod: the module's own requirements count, not those of the caller's module.
(cd "$bin" && GOBIN=$fresh GOFLAGS=-mod=mod CGO_ENABLED=0 go install -trimpath -ldflags "$ldflags" "$from")
rm -f "$bin/.$name@"*
mv "$fresh"/* "$bin/$name"
rmdir "$fresh"
touch "$stamp"
