#!/bin/sh
# Installs one Go command as BIN/NAME. Does nothing if it is installed with the same version, Go version and variables.
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
installed && exit 0 # another process installed it while this one waited for the lock

echo "installing $name ${from##*@} into $bin"
fresh=$bin/.$name.installing
rm -rf "$fresh"
# In a folder without go.mod, Go uses the requirements of the tool's module, not those of the caller's module.
(cd "$bin" && GOBIN=$fresh GOFLAGS=-mod=mod CGO_ENABLED=0 go install -trimpath -ldflags "$ldflags" "$from")
rm -f "$bin/.$name@"*
mv "$fresh"/* "$bin/$name"
rmdir "$fresh"
touch "$stamp"
