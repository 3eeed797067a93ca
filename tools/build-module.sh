#!/bin/sh
# Builds the programs of one module of tools/ into CACHE/NAME-KEY. KEY is a hash of all files of the module: go.mod, go.sum,
# code and build.sh. Does nothing if the folder exists. CACHE/bin has links to the programs.
# Usage: build-module.sh CACHE MODULE-FOLDER
set -eu
cache=$1 module=$2
name=$(basename "$module")
for need in go flock sha256sum; do
	command -v "$need" >/dev/null || { echo "$name: building it needs $need on the PATH" >&2; exit 1; }
done

key=$(cd "$module" && LC_ALL=C && export LC_ALL && cat -- * | sha256sum | cut -c 1-16)
out=$cache/$name-$key
mkdir -p "$cache/bin"
exec 9>"$cache/$name.lock"
flock 9
if ! [ -d "$out" ]; then
	echo "building $name into $out; the first time this may take minutes"
	rm -rf "$cache/$name.building"
	mkdir "$cache/$name.building"
	fresh=$(cd "$cache/$name.building" && pwd)
	(cd "$module" && GOFLAGS=-mod=readonly CGO_ENABLED=0 sh ./build.sh "$fresh")
	rm -rf "$cache/$name"-???????????????? # older builds; programs that run from there keep running
	mv "$fresh" "$out"
fi
for program in "$out"/*; do
	link=$cache/bin/$(basename "$program") target=../$name-$key/$(basename "$program")
	if [ -f "$program" ] && [ -x "$program" ] && [ "$(readlink "$link")" != "$target" ]; then
		ln -sfn "$target" "$link"
	fi
done
