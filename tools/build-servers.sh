#!/bin/sh
# Builds the programs of one tools module into CACHE/NAME-KEY, the key being the hash of all that the module's folder
# holds: its go.mod and go.sum, its code and its build.sh. Does nothing when that is there.
# Usage: build-servers.sh CACHE MODULE-FOLDER
set -eu
cache=$1 module=$2
name=$(basename "$module")
for need in go flock sha256sum; do
	command -v "$need" >/dev/null || { echo "$name: building it needs $need on the PATH" >&2; exit 1; }
done

key=$(cd "$module" && LC_ALL=C && export LC_ALL && cat -- * | sha256sum | cut -c 1-16)
out=$cache/$name-$key
[ -d "$out" ] && exit 0

mkdir -p "$cache"
exec 9>"$cache/$name.lock"
flock 9
[ -d "$out" ] && exit 0 # somebody else built it, while this one waited

echo "building $name into $out; the first time this takes minutes"
rm -rf "$cache/$name.building"
mkdir "$cache/$name.building"
fresh=$(cd "$cache/$name.building" && pwd)
(cd "$module" && GOFLAGS=-mod=readonly CGO_ENABLED=0 sh ./build.sh "$fresh")
# The old one may still serve somebody's test, which holds its files open; renaming and then removing lets it finish.
rm -rf "$cache/$name"-????????????????
mv "$fresh" "$out"
